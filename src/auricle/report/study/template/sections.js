// Sections that are filled when they are opened: pictures, classes, the map of clips.

function startIndex() {
  const sections = [...study.querySelectorAll("section[id]")];
  const links = [...study.querySelectorAll(".tabs a")];
  const clips = new Clips(study.querySelector("#clips"));
  const started = clips.start().catch((error) => failed(study.querySelector("#clips .scroll"), error));
  const fill = { pictures: fillPictures, classes: fillClasses, map: (root) => fillMap(root, started.then(() => clips.clips)) };
  const filled = new Set();

  function show() {
    const name = location.hash.slice(1).split("?")[0] || "clips";
    const chosen = sections.find((each) => each.id === name) ?? sections[0];
    for (const each of sections) each.hidden = each !== chosen;
    for (const link of links) {
      if (link.hash === `#${chosen.id}`) {
        link.setAttribute("aria-current", "page");
        link.scrollIntoView?.({ block: "nearest", inline: "nearest" });
      } else link.removeAttribute("aria-current");
    }
    if (fill[chosen.id] && !filled.has(chosen.id)) {
      filled.add(chosen.id);
      fill[chosen.id](chosen);
    }
  }
  window.addEventListener("hashchange", show);
  show();
  study.clips = clips;
}

// A choice of method whose part of the page is drawn anew.
function choosing(root, name, values, draw) {
  const select = root.querySelector(`[data-choose=${name}]`);
  options(select, values);
  const place = root.querySelector(`[data-${name}]`);
  let turn = 0;
  const change = async () => {
    const mine = ++turn;
    try {
      const made = await draw(select.value);
      if (mine === turn) place.replaceChildren(...made);
    } catch (error) {
      failed(place, error);
    }
  };
  select.addEventListener("input", change);
  select.form.addEventListener("submit", (event) => event.preventDefault());
  change();
}

const methodNumber = (key) => facts.methods.find((each) => each.key === key).number;
const methodChoices = () => facts.methods.map(({ key }) => [key, key]);

async function fillPictures(root) {
  let pictures;
  try {
    pictures = await loadData("pictures");
  } catch (error) {
    return failed(root.querySelector("[data-pictures]"), error);
  }
  const values = [["", "all methods side by side"], ...methodChoices()].filter(([key]) => pictures.some((each) => each.method === key));
  if (!values.length) return root.querySelector("[data-pictures]").append(make("p", { class: "note" }, "No pictures were asked for."));
  choosing(root, "pictures", values, async (method) => pictures.filter((each) => each.method === method).map(drawnPicture));
}

function drawnPicture({ name, title, caption, width, height, spots }) {
  const percent = (value) => `${(100 * value).toFixed(3)}%`;
  const links = spots.map(([left, top, wide, high, key, told]) =>
    make("a", { class: "spot", href: clipAddress(key), title: told, "aria-label": `${told}: open`, style: `left:${percent(left)};top:${percent(top)};width:${percent(wide)};height:${percent(high)}` }),
  );
  const address = `../pictures/${encodeURIComponent(name)}.png`;
  return make("figure", { class: "drawn" },
    make("figcaption", { class: "hidden" }, title),
    make("div", { class: "frame-of", tabindex: 0, role: "region", "aria-label": title }, make("div", { class: "held" }, make("img", { src: address, width, height, loading: "lazy", alt: `${title}. ${caption}` }), ...links)),
    make("p", { class: "unit" }, make("a", { href: address }, "the picture alone")),
  );
}

function fillClasses(root) {
  if (facts.methods.length) choosing(root, "classes", methodChoices(), async (method) => classTables(await loadData(`classes-${methodNumber(method)}`), method));
}

function classTables(data, method) {
  const made = [];
  const titled = (title, note, table) => made.push(make("h2", { style: "margin-top:34px" }, title), make("p", { class: "note" }, note), make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, table));
  const whole = "Means over right predictions, with their 95 % interval below. ↑ higher is better, ↓ lower is better.";
  for (const [by, title] of [["class", "Scores by class"], ["group", `Scores by ${facts.group}`]]) {
    if (data[by].length) titled(title, whole, scoreTable(data[by], by === "class" ? "class" : facts.group, method));
  }
  if (data.ranges.length) {
    titled("Frequencies that matter", "Where regions lie in at least 60 % of the time that they cover at the class's most covered frequency. “Holds” is the share of positive relevance within; “steady” how far the range stays the same when other clips of the class are drawn (1: exactly).", simpleTable(
      [["class"], ["from", "lower end, in hertz"], ["to", "upper end, in hertz"], ["holds", "share of the positive relevance that lies within"], ["steady", "overlap with the ranges of bootstrap draws of clips"], ["clips", "right clips of the class"]],
      data.ranges.map(([label, low, high, within, steady, clips]) => [label, hertzText(low), hertzText(high), within === null ? "–" : `${(100 * within).toFixed(0)} %`, number(steady, 2), number(clips)]),
    ));
  }
  if (data.components.length) titled("Parts of the sound", "Mean weight of each part over the clips for which the class was predicted. Global LIME adds weights up over clips; weighted by homogeneity, what matters to one class only counts most (van der Linden et al. 2019).", simpleTable(
    [["class"], ["part"], ["mean weight", "+ for the class, − against it"], ["± spread", "standard deviation over clips"], ["mean amount", "mean of the amount, whatever the sign"], ["global LIME", "root of the summed amounts"], ["× homogeneity", "global LIME, weighted by how much the part belongs to one class only"], ["clips"]],
    data.components.map(([label, part, ...numbers]) => [label, part, ...numbers.map((each) => number(each, 3))]),
    2,
  ));
  if (!made.length) made.push(make("p", { class: "note" }, "There is nothing by class: no clip is predicted right, or nothing was measured."));
  return made;
}

function scoreTable(rows, by, method) {
  const names = Object.keys(facts.columns).filter((name) => rows.some(([, scores]) => scores[name]));
  const head = make("tr", {}, make("th", { scope: "col" }, by), make("th", { scope: "col", title: "right clips that were measured" }, "clips"), ...names.map((name) => make("th", { scope: "col", title: column(name).tip }, column(name).title + arrow(column(name).better))));
  const body = rows.map(([value, scores]) => {
    const many = Math.max(...Object.values(scores).map(([, , , clips]) => clips));
    const link = make("a", { href: `#clips?${new URLSearchParams({ [by === "class" ? "actual" : "group"]: value, method })}` }, value);
    return make("tr", {}, make("th", { scope: "row" }, link), make("td", {}, number(many)), ...names.map((name) => {
      const [mean, low, high] = scores[name] ?? [null, null, null];
      return make("td", {}, number(mean), low === null ? null : make("span", { class: "interval" }, `${number(low)} to ${number(high)}`));
    }));
  });
  return make("table", { class: "plain2" }, make("thead", {}, head), make("tbody", {}, ...body));
}

function simpleTable(heads, rows, texts = 1) {
  const cell = (text, place) => (place === 0 ? make("th", { scope: "row" }, text) : make("td", { class: place < texts ? "text" : null }, text));
  return make("table", { class: "plain2" },
    make("thead", {}, make("tr", {}, ...heads.map(([text, tip], place) => make("th", { scope: "col", title: tip, class: place && place < texts ? "text" : null }, text)))),
    make("tbody", {}, ...rows.map((row) => make("tr", {}, ...row.map(cell)))),
  );
}

// --- map ----------------------------------------------------------------------------------------------------

function fillMap(root, clips) {
  if (facts.methods.length) choosing(root, "map", methodChoices(), async (method) => mapOf(await loadData(`map-${methodNumber(method)}`), await clips));
}

function mapOf({ points, clusters }, clips) {
  if (!points.length) return [make("p", { class: "note" }, "No clip has positive relevance.")];
  const all = clusters.filter((each) => each.scope === "all");
  const colours = new Map(all.map((each) => [each.cluster, each.colour]));
  const bounds = [1, 2].map((at) => [Math.min(...points.map((each) => each[at])), Math.max(...points.map((each) => each[at]))]);
  const place = (value, [low, high], size) => 24 + ((value - low) / (high - low || 1)) * (size - 48);
  const dots = points.map(([row, x, y, cluster]) => {
    const told = `${clips.id[row]}: ${clips.actual[row]}${clips.correct[row] ? "" : ` heard as ${clips.predicted[row]}`}, ${share(clips.probability[row])}`;
    const [across, up] = [place(x, bounds[0], 800), 560 - place(y, bounds[1], 560)];
    const colour = colours.get(cluster) ?? "#9a9ea6";
    const mark = clips.correct[row]
      ? make("circle", { svg: "", cx: across.toFixed(1), cy: up.toFixed(1), r: 5, fill: colour, "fill-opacity": 0.8 })
      : make("path", { svg: "", d: `M${(across - 5).toFixed(1)} ${(up - 5).toFixed(1)}l10 10m0 -10l-10 10`, stroke: colour, "stroke-width": 3 });
    const link = document.createElementNS("http://www.w3.org/2000/svg", "a");
    link.setAttribute("href", clipAddress(clips.key[row]));
    link.setAttribute("tabindex", "-1"); // the list beside it leads to every clip by keyboard
    link.dataset.cluster = cluster;
    link.append(make("title", { svg: "" }, told), mark);
    return link;
  });
  const plot = make("svg", { svg: "", viewBox: "0 0 800 560", class: "scatter", role: "img", "aria-label": `${points.length} clips by where their relevance lies; the list beside it has the same clips` });
  plot.append(...dots);
  const light = (cluster) => dots.forEach((dot) => dot.classList.toggle("dim", cluster !== null && Number(dot.dataset.cluster) !== cluster));
  const within = clusters.filter((each) => each.scope !== "all");
  const scopes = [...new Set(within.map((each) => each.scope))];
  return [
    make("div", { class: "mapped" },
      make("div", {}, plot, make("p", { class: "unit" }, "● right, ✕ wrong prediction; colours are clusters over all clips")),
      make("ul", { class: "clusters" }, ...all.map((each) => clusterItem(each, clips, light))),
    ),
    ...(scopes.length ? [make("h2", { style: "margin-top:30px" }, "Strategies within a class"), make("p", { class: "note" }, "Classes whose clips fall into several groups by where their relevance lies. “Worth a listen” (0 to 1) is high for groups that are sharp, pure and unlike the rest of their class; it is no test.")] : []),
    ...scopes.map((scope) => make("details", {}, make("summary", {}, `${scope}: ${within.filter((each) => each.scope === scope).length} groups, worth a listen ${share(Math.max(...within.filter((each) => each.scope === scope).map((each) => each.suspicion)))}`), make("ul", { class: "clusters" }, ...within.filter((each) => each.scope === scope).map((each) => clusterItem(each, clips))))),
  ];
}

function clusterItem(each, clips, light) {
  const names = Object.entries(each.classes).map(([label, count]) => `${label} ${count}`);
  const links = (rows) => rows.map((row) => make("a", { href: clipAddress(clips.key[row]) }, clips.id[row]));
  const more = make("details", { ontoggle: (event) => {
    if (event.target.open && !event.target.dataset.filled) {
      event.target.dataset.filled = "";
      event.target.append(make("div", { class: "links" }, ...links(each.members)));
    }
  } }, make("summary", {}, `all ${each.clips}`));
  const item = make("li", {},
    miniature(each),
    make("div", {},
      make("h3", {}, make("span", { class: "dot", style: `background:${light ? each.colour : "var(--bar)"}` }), `${each.cluster + 1}: ${each.clips} clip${each.clips === 1 ? "" : "s"}`),
      make("p", {}, names.slice(0, 5).join(", ") + (names.length > 5 ? ", …" : "")),
      make("p", { class: "soft", title: "80 % of the positive relevance of the mean map lies between these frequencies and moments" }, `${hertzText(each.low)} to ${hertzText(each.high)}, ${each.start.toFixed(2)} to ${each.end.toFixed(2)} s`),
      make("p", { class: "soft", title: "silhouette: how much closer its clips are to each other than to the next group, −1 to 1; worth a listen: sharp, pure and unlike the rest, 0 to 1" }, `sharpness ${share(each.silhouette)}, worth a listen ${share(each.suspicion)}`),
      make("div", { class: "links" }, "typical:", ...links(each.typical.slice(0, 3))),
      more,
    ),
  );
  if (light) {
    item.addEventListener("pointerenter", () => light(each.cluster));
    item.addEventListener("pointerleave", () => light(null));
  }
  return item;
}

// The mean map of a cluster, one pixel a cell, low frequencies at the bottom.
function miniature({ mean, rows, columns, hertz, seconds }) {
  const canvas = make("canvas", { class: "mini", width: columns, height: rows, role: "img", "aria-label": "mean relevance", title: `mean relevance: ${hertzText(hertz[0])} to ${hertzText(hertz[1])} upwards, 0 to ${seconds.toFixed(2)} s to the right` });
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(columns, rows);
  mean.forEach((value, place) => {
    const at = 4 * ((rows - 1 - Math.floor(place / columns)) * columns + (place % columns));
    image.data.set([...COLOURS.light.for, 255 * (value / 99) ** 0.6], at);
  });
  pen.putImageData(image, 0, 0);
  return canvas;
}

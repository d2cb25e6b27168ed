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
  const titled = (title, note, table) => made.push(make("h2", { style: "margin-top:34px" }, title), make("p", { class: "note" }, ...[note].flat()), make("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": title }, table));
  if (data.ranges.length) {
    titled("Frequencies that matter", frequencyNote(data.ranges), frequencyTable(data.ranges, data.top, method));
  }
  const whole = "Means over right predictions, with their 95 % interval below. ↑ higher is better, ↓ lower is better; point at a heading to learn what it means.";
  for (const [by, title] of [["class", "Scores by class"], ["group", `Scores by ${facts.group}`]]) {
    if (data[by].length) titled(title, whole, scoreTable(data[by], by === "class" ? "class" : facts.group, method));
  }
  if (data.components.length) titled("Parts of the sound", "Mean weight of each part over the clips for which the class was predicted. Global LIME adds weights up over clips; weighted by homogeneity, what matters to one class only counts most (van der Linden et al. 2019).", simpleTable(
    [["class"], ["part"], ["mean weight", "+ for the class, − against it"], ["± spread", "standard deviation over clips"], ["mean amount", "mean of the amount, whatever the sign"], ["global LIME", "root of the summed amounts"], ["× homogeneity", "global LIME, weighted by how much the part belongs to one class only"], ["clips"]],
    data.components.map(([label, part, ...numbers]) => [label, part, ...numbers.map((each) => number(each, 3))]),
    2,
  ));
  if (!made.length) made.push(make("p", { class: "note" }, "There is nothing by class: no clip is predicted right, or nothing was measured."));
  return made;
}

function frequencyNote(ranges) {
  const found = ranges.flatMap((each) => each.ranges.map(([low, high, , , alone, hum]) => ({ label: each.class, text: `${hertzText(low)} to ${hertzText(high)}`, alone, hum })));
  const hums = found.filter(({ hum }) => hum).map(({ label, text }) => `${label} (${text})`);
  return [
    "For each class, where its regions lie in at least 60 % of the time that they cover at its most covered frequency. “Holds” is the share of positive relevance within; “steady” how far the range stays the same when other clips of the class are drawn (1: exactly). ",
    make("strong", {}, "What to look for: "),
    "a range where the sound itself has nothing to tell. Mains hum lies at 50 or 60 Hz and its multiples, rumble below 100 Hz, hiss and traces of compression at the very top. If one class alone has such a range, the model may know its recordings and not its sound: open its clips and listen to “relevant only”. ",
    humTold(hums, ranges.length),
  ];
}

function humTold(hums, classes) {
  if (!hums.length) return "No range lies where mains hum is.";
  if (hums.length > 1 && hums.length > classes / 2) return make("strong", {}, `${hums.length} of ${classes} classes have a range where mains hum is, so it does not tell them apart: it is a trait of this method or of all recordings.`);
  return make("strong", {}, `Where mains hum is: ${hums.join(", ")}.`);
}

// Classes below each other on one axis of hertz, spaced as the ear hears (mel).
function frequencyTable(ranges, top, method) {
  const mel = (hertz) => Math.log10(1 + hertz / 700);
  const percent = (hertz) => (100 * Math.min(mel(hertz) / mel(top), 1)).toFixed(2);
  const ticks = [0];
  for (const hertz of [50, ...HERTZ]) {
    if (hertz <= 1.02 * top && percent(hertz) - percent(ticks[ticks.length - 1]) >= 9) ticks.push(hertz);
  }
  const axis = make("span", { class: "hertz-axis", "aria-hidden": "true" }, ...ticks.map((hertz) => make("span", { style: `left:${percent(hertz)}%` }, hertzText(hertz))));
  const heads = [["class"], ["ranges"], null, ["holds", "share of the positive relevance that lies within"], ["steady", "overlap with the ranges of bootstrap draws of clips, 1: the very same"], ["", ""], ["clips", "right clips of the class"]];
  const lines = (values) => values.map((each) => make("span", { class: "line" }, each));
  const rows = ranges.map((each) => make("tr", {},
    make("th", { scope: "row" }, make("a", { href: `#clips?${new URLSearchParams({ actual: each.class, method })}` }, each.class)),
    make("td", { class: "text" }, ...lines(each.ranges.map(([low, high]) => `${hertzText(low)} to ${hertzText(high)}`))),
    make("td", {}, make("span", { class: "hertz-bars", "aria-hidden": "true" }, ...each.ranges.map(([low, high, , , alone, hum]) => make("i", { class: hum ? "hum" : alone ? "alone" : null, style: `left:${percent(low)}%;width:max(${(percent(high) - percent(low)).toFixed(2)}%, 2px)` })))),
    make("td", {}, ...lines(each.ranges.map(([, , within]) => (within === null ? "–" : `${(100 * within).toFixed(0)} %`)))),
    make("td", {}, ...lines(each.ranges.map(([, , , steady]) => number(steady, 2)))),
    make("td", { class: "text" }, ...lines(each.ranges.map(([, , , , alone, hum]) => [hum && "where mains hum is", alone && "no other class"].filter(Boolean).join(", ") || "\u00a0"))),
    make("td", {}, number(each.clips)),
  ));
  return make("table", { class: "plain2 frequencies" },
    make("thead", {}, make("tr", {}, ...heads.map((head) => (head ? make("th", { scope: "col", title: head[1], class: ["ranges", ""].includes(head[0]) ? "text" : null }, head[0] || make("span", { class: "hidden" }, "remark")) : make("th", { scope: "col" }, make("span", { class: "hidden" }, "ranges, drawn"), axis))))),
    make("tbody", {}, ...rows),
  );
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
  const several = all.length > 1;
  return [
    make("p", { class: "note" }, several
      ? `${number(points.length)} clips form ${all.length} groups; those most worth a listen come first. The small maps show where a group's positive relevance lies on average.`
      : `All ${number(points.length)} clips form one group: no way of recognising stands apart from the others.`),
    make("div", { class: "mapped" },
      make("div", {}, plot, make("p", { class: "unit" }, `● right, ✕ wrong prediction${several ? "; colours are groups over all clips" : ""}`)),
      make("ul", { class: "clusters" }, ...all.map((each) => clusterItem(each, clips, light))),
    ),
    make("h2", { style: "margin-top:30px" }, "Strategies within a class"),
    make("p", { class: "note" }, scopes.length
      ? "Classes whose clips fall into several groups by where their relevance lies. “Worth a listen” (0 to 1) is high for groups that are sharp, pure and unlike the rest of their class; it is no test."
      : "The clips of each class form one group: within no class does a way of recognising stand apart."),
    ...scopes.map((scope) => {
      const groups = within.filter((each) => each.scope === scope);
      return make("details", {}, make("summary", {}, `${scope}: ${groups.length} groups, worth a listen ${share(Math.max(...groups.map((each) => each.suspicion)))}`), make("ul", { class: "clusters" }, ...groups.map((each) => clusterItem(each, clips))));
    }),
  ];
}

function clusterItem(each, clips, light) {
  const within = each.scope !== "all";
  const names = Object.entries(each.classes).map(([label, count]) => `${label} ${count}`);
  const links = (rows) => rows.map((row) => make("a", { href: clipAddress(clips.key[row]) }, clips.id[row]));
  const more = make("details", { ontoggle: (event) => {
    if (event.target.open && !event.target.dataset.filled) {
      event.target.dataset.filled = "";
      event.target.append(make("div", { class: "links" }, ...links(each.members)));
    }
  } }, make("summary", {}, `all ${each.clips}`));
  const percent = (value) => `${(100 * value).toFixed(0)} %`;
  const whole = within ? `of ${each.scope}` : "of all clips";
  const composition = names.slice(0, 6).join(", ") + (names.length > 6 ? ` and ${names.length - 6} more classes` : "");
  const mostly = each.purity >= 0.8 && each.share < 0.999 ? `${percent(each.purity)} of them are ${each.class}: ${percent(each.coverage)} of that class.` : "";
  const item = make("li", {},
    miniature(each),
    make("div", {},
      make("h3", {}, make("span", { class: "dot", style: `background:${light ? each.colour : "var(--bar)"}` }), `Group ${each.cluster + 1}: ${number(each.clips)} clip${each.clips === 1 ? "" : "s"}, ${percent(each.share)} ${whole}`),
      within ? null : make("p", { title: "classes that were predicted, and how many clips of each" }, composition),
      within || !mostly ? null : make("p", {}, make("strong", {}, mostly)),
      make("p", { class: "soft" }, "80 % of its relevance lies between ", make("b", {}, `${hertzText(each.low)} and ${hertzText(each.high)}`), `, from ${each.start.toFixed(2)} to ${each.end.toFixed(2)} s`),
      each.silhouette === null ? null : make("p", { class: "soft", title: "sharpness (silhouette): how much closer its clips are to each other than to the next group, −1 to 1; worth a listen: sharp, of one class and unlike the rest, 0 to 1" }, `sharpness ${share(each.silhouette)}, worth a listen ${share(each.suspicion)}`),
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

// The mean map of a group with its axes, one pixel a cell, low frequencies at the bottom.
function miniature({ mean, rows, columns, hertz, seconds }) {
  const canvas = make("canvas", { class: "mini", width: columns, height: rows, role: "img", "aria-label": `mean relevance, ${hertzText(hertz[0])} to ${hertzText(hertz[rows])} upwards, 0 to ${seconds.toFixed(2)} s to the right` });
  const pen = canvas.getContext("2d");
  const image = pen.createImageData(columns, rows);
  mean.forEach((value, place) => {
    const at = 4 * ((rows - 1 - Math.floor(place / columns)) * columns + (place % columns));
    image.data.set([...COLOURS.light.for, 255 * (value / 99) ** facts.packed.ramp], at);
  });
  pen.putImageData(image, 0, 0);
  const heights = Array.from({ length: rows + 1 }, (_, edge) => edge / rows);
  const ticks = [[hertz[0], 0]];
  for (const each of HERTZ) {
    const height = interpolate(each, hertz, heights);
    if (each > hertz[0] && each <= hertz[rows] && height - ticks[ticks.length - 1][1] > 0.14) ticks.push([each, height]);
  }
  return make("div", { class: "miniature" },
    make("div", { class: "mini-hertz", "aria-hidden": "true" }, ...ticks.map(([each, height]) => make("span", { style: `bottom:${(100 * height).toFixed(1)}%` }, hertzText(+each.toPrecision(2))))),
    canvas,
    make("div", { class: "mini-seconds", "aria-hidden": "true" }, make("span", {}, "0"), make("span", {}, `${seconds.toFixed(2)} s`)),
  );
}

// The page of one clip: its sound, what every method finds in it, and what can be heard of that.

const ASKED = {
  predicted: (target) => `why ${target} (predicted)`,
  true: (target) => `why it could be ${target} (true)`,
  contrast: (target) => `why ${target.replace("-", " rather than ")}`,
};
const KINDS = { original: "whole sound", relevant: "relevant only", removed: "relevant removed", matched: "relevant, as loud as the whole", amplified: "relevant, louder", joined: "relevant, end to end" };
const kindText = (kind) => KINDS[kind] ?? kind.replace("random-", "random ");

async function inflated(text, Kind) {
  const stream = new Blob([decode(text)]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Kind(await new Response(stream).arrayBuffer());
}

// As the other pages have their maps: base64.
function packed(values) {
  const bytes = new Uint8Array(values.buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
}

const edges = (told) => (Array.isArray(told) ? told : [told.first, ...Array.from({ length: told.count }, (_, i) => told.from + ((told.to - told.from) * i) / (told.count - 1)), told.last]);

// Relevance lies there in steps that are even in how it is drawn; here as shares of the strongest cell, in 127ths.
function relevanceOf(steps) {
  const amounts = Array.from({ length: facts.packed.steps + 1 }, (_, step) => Math.round(127 * (step / facts.packed.steps) ** (1 / facts.packed.ramp)));
  return steps.map((step) => Math.sign(step) * amounts[Math.abs(step)]);
}

// Levels lie there as differences along each row.
function levelsOf(differences, columns) {
  let level = 0;
  return differences.map((step, at) => {
    level = at % columns ? (level + step) & 255 : step;
    return Math.round((255 * level) / facts.packed.greys);
  });
}

// What the explanations of a clip have in common is written once; each gets its own here.
function unpacked(clip) {
  for (const each of clip.explanations) {
    [each.hertz, each.times] = clip.grids[each.grid];
    each.sounds = each.sounds.map(([kind, name, gain_db]) => ({ kind, path: `${each.folder}/${name}`, gain_db }));
    each.scores = Object.fromEntries(clip.names.map((name, place) => [name, each.scores[place] ?? null]).filter(([, value]) => value !== null));
  }
  return clip;
}

class Framed extends Picture {
  // Room for the last second's label.
  layout() {
    const place = super.layout();
    return { ...place, plot: place.plot - 12 };
  }

  drawMark(pen, place, colours, boxes) {
    for (const box of boxes) super.drawMark(pen, place, colours, box);
  }
}

class ClipPage {
  constructor(clip) {
    this.clip = clip;
    this.look = { opacity: 0.9, for: true, against: true, boxes: true, warped: true, dark: false, mark: null };
    this.pictures = [];
    this.audio = study.querySelector("audio");
    this.find = (selector) => study.querySelector(selector);
  }

  async start() {
    const { clip } = this;
    document.title = `${clip.id}: ${clip.predicted} – auricle`;
    this.find("[data-headline]").replaceChildren("The model heard: ", make("em", {}, clip.predicted), `, probability ${share(clip.probability)}`);
    const truth = clip.correct ? "which is right" : `but it is ${clip.actual} (probability ${share(clip.probability_actual)})`;
    this.find("[data-subject]").replaceChildren(make("strong", {}, clip.id), ` · ${truth} · ${clip.seconds.toFixed(2)} s at ${number(clip.sample_rate)} Hz${clip.group === null ? "" : ` · ${facts.group} ${clip.group}`}`);
    this.bars();
    await this.sound();
    this.choices();
    this.switches();
    this.listening();
    const redraw = () => this.draw();
    document.querySelector(".auricle").addEventListener("auricle-theme", redraw);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
    let width = 0;
    new ResizeObserver(() => {
      if (study.clientWidth === width) return;
      width = study.clientWidth;
      redraw();
    }).observe(study);
  }

  bars() {
    const { clip } = this;
    const told = clip.probabilities.map(([label, value]) => make("li", { class: label === clip.predicted ? "target" : null },
      make("span", { class: "name" }, label, label === clip.actual ? make("small", {}, " true") : null),
      make("span", { class: "track", "aria-hidden": "true" }, make("span", { style: `width:${(100 * value).toFixed(2)}%` })),
      make("span", { class: "figure" }, value > 0 && value < 0.001 ? "< 0.1 %" : `${(100 * value).toFixed(1)} %`)));
    this.find("[data-bars]").replaceChildren(...told.slice(0, 12));
    if (told.length > 12) this.find("[data-bars]").after(make("details", {}, make("summary", {}, `${told.length - 12} more`), make("ol", { class: "bars" }, ...told.slice(12))));
  }

  // --- pictures -------------------------------------------------------------------------------------------

  async sound() {
    const told = this.clip.drawing;
    const none = { hertz: [0, 1], seconds: [0, 1], values: packed(new Uint8Array(1)) };
    this.base = {
      seconds: told?.seconds ?? this.clip.seconds,
      start: told?.start ?? 0,
      top: told?.top ?? 1,
      ramp: facts.packed.ramp,
      floor: -80,
      wave: { low: "", high: "" },
      sound: none,
    };
    if (!told) return;
    const [low, high] = await Promise.all(told.wave.map((each) => inflated(each, Int8Array)));
    this.base.wave = { low: packed(low), high: packed(high) };
    this.base.sound = { hertz: edges(told.hertz), seconds: edges(told.times), values: packed(levelsOf(await inflated(told.levels, Uint8Array), edges(told.times).length - 1)) };
  }

  async map(found) {
    const [hertz, seconds] = [edges(found.hertz), edges(found.times)];
    const values = relevanceOf(await inflated(found.values, Int8Array));
    const [rows, columns] = [hertz.length - 1, seconds.length - 1];
    const time = [new Array(columns).fill(0), new Array(columns).fill(0)];
    const frequency = [new Array(rows).fill(0), new Array(rows).fill(0)];
    values.forEach((value, at) => {
      const sign = value > 0 ? 0 : 1;
      time[sign][at % columns] += value;
      frequency[sign][Math.floor(at / columns)] += value;
    });
    return { hertz, seconds, strongest: found.strongest, values: packed(values), scale: this.scale(hertz), wave: null, time, frequency };
  }

  // Hertz and height of the bins as the model spaces them; nothing where they are even.
  scale(hertz) {
    const widths = hertz.slice(1).map((edge, i) => edge - hertz[i]);
    const inner = widths.slice(1, -1);
    if (widths.length < 3 || Math.max(...inner) <= 1.05 * Math.min(...inner)) return null;
    let [at, height] = [[...hertz], hertz.map((_, i) => i)];
    if (at[0] > 0) [at, height] = [[0, ...at], [-at[0] / widths[0], ...height]];
    const top = this.base.top;
    if (at[at.length - 1] < top) {
      height.push(height[height.length - 1] + (top - at[at.length - 1]) / widths[widths.length - 1]);
      at.push(top);
    }
    const [first, last] = [height[0], height[height.length - 1]];
    return [at, height.map((each) => (each - first) / (last - first))];
  }

  choices() {
    const asked = [...new Map(this.clip.explanations.map((each) => [each.asked, each.target]))];
    const group = this.find("[data-asked]");
    group.hidden = asked.length < 2;
    const buttons = asked.map(([name, target]) => make("button", { type: "button", "aria-pressed": "false", "data-ask": name, onclick: () => this.choose(name) }, ASKED[name](target)));
    group.replaceChildren(...buttons);
    if (asked.length) this.choose(asked[0][0]);
    else this.find("[data-cards]").append(make("p", { class: "note" }, "No method explains this clip; see the failures."));
  }

  async choose(name) {
    this.asked = name;
    for (const button of this.find("[data-asked]").children) button.setAttribute("aria-pressed", String(button.dataset.ask === name));
    const found = this.clip.explanations.filter((each) => each.asked === name);
    const maps = await Promise.all(found.map((each) => this.map(each)));
    if (this.asked !== name) return;
    this.pictures = [];
    this.find("[data-cards]").replaceChildren(...found.map((each, place) => this.card(each, maps[place])));
    const [wanted] = found.filter((each) => encodeURIComponent(each.method) === location.hash.split("~")[1]);
    this.draw();
    if (wanted) this.find(`[data-method="${CSS.escape(wanted.method)}"]`)?.scrollIntoView();
    this.mark();
  }

  card(found, map) {
    const canvas = make("canvas", { "data-compact": "", role: "img", "aria-label": `relevance by ${found.method} for ${found.target}, over the sound` });
    const head = make("div", { class: "playhead", "aria-hidden": "true" });
    const readout = make("p", { class: "readout", "aria-hidden": "true" });
    const picture = new Framed(canvas, this.base, map);
    const boxes = found.boxes.map(([low, high, start, end]) => ({ low, high, start, end }));
    this.pictures.push({ picture, boxes, head });
    const frame = make("div", { class: "picture" }, canvas, head);
    frame.addEventListener("pointermove", (event) => {
      const bounds = canvas.getBoundingClientRect();
      readout.textContent = picture.read(event.clientX - bounds.left, event.clientY - bounds.top);
    });
    frame.addEventListener("pointerleave", () => (readout.textContent = ""));
    frame.addEventListener("click", (event) => this.seek(picture.seconds(event.clientX - canvas.getBoundingClientRect().left)));
    const about = facts.methods.find(({ key }) => key === found.method)?.summary;
    return make("article", { class: "card", "data-method": found.method },
      make("h2", { title: about }, found.method),
      make("p", { class: "note" }, about ?? ""),
      ...found.warnings.map((text) => make("div", { class: "warning", role: "note" }, text)),
      frame, readout,
      this.hears(found),
      make("p", { class: "note told" }, this.told(found)),
      this.scores(found),
    );
  }

  draw() {
    this.look.dark = isDark(document.querySelector(".auricle"));
    for (const { picture, boxes } of this.pictures) {
      if (picture.canvas.parentElement.clientWidth) picture.draw({ ...this.look, mark: this.look.boxes ? boxes : null });
    }
    drawBars(study, this.base, this.look);
    this.follow();
  }

  switches() {
    for (const input of study.querySelectorAll("[data-look]")) {
      input.addEventListener("input", () => {
        this.look[input.dataset.look] = input.checked;
        this.draw();
      });
    }
  }

  // --- words ----------------------------------------------------------------------------------------------

  told(found) {
    const { scores, truth } = found;
    if (found.empty) return "No place is relevant enough to be a region, so there is nothing to hear.";
    const area = found.area === null ? "" : ` Its regions are ${(100 * found.area).toFixed(0)} % of the plane of frequency and time.`;
    if (scores.p_relevant === undefined) return area.trim();
    const random = scores.p_random === undefined ? "" : ` (random parts of the same sizes: ${share(scores.p_random)})`;
    return `Hearing only the relevant part, the model gives ${truth}${this.clip.correct ? "" : " (the true class)"} ${share(scores.p_relevant)}${random}; hearing the whole ${share(scores.p_original)}, and without the relevant part ${share(scores.p_removed)}.${area}${this.leftOut(found)}`;
  }

  // Where random boxes may not touch relevant ones, there may be no room for all of them.
  leftOut({ random_left_out, boxes }) {
    const fewer = random_left_out.flatMap((count, place) => (count ? [`${count} in random ${place + 1}`] : []));
    return fewer.length ? ` Of its ${boxes.length} boxes some found no free place beside the relevant ones (${fewer.join(", ")}), so these random parts are smaller.` : "";
  }

  scores(found) {
    const controls = ["random", "energy", "everything"];
    const names = Object.keys(found.scores).filter((name) => !controls.some((each) => name.endsWith(` ${each}`)));
    if (!names.length) return "";
    const rows = names.map((name) => {
      const beside = controls.filter((each) => found.scores[`${name} ${each}`] !== undefined).map((each) => `${each} ${number(found.scores[`${name} ${each}`])}`);
      const { title, tip, better } = column(name);
      return make("tr", {}, make("th", { scope: "row" }, title + arrow(better), make("small", {}, tip)), make("td", {}, number(found.scores[name]), beside.length ? make("small", {}, beside.join(", ")) : null));
    });
    const note = "Below a score: the same for a random mask of equal area, for the loudest places, and for everything.";
    return make("details", {}, make("summary", {}, `${names.length} scores`), make("p", { class: "unit" }, note), make("table", { class: "scores-of" }, make("tbody", {}, ...rows)));
  }

  // --- sound ----------------------------------------------------------------------------------------------

  // Files are quieter where full scale would not have held them; the others are played as much quieter, so that all
  // are heard at their true levels. Sounds that were made louder on purpose stay so.
  volume(sound) {
    const gain = (each) => (["matched", "amplified"].includes(each.kind) ? 0 : each.gain_db ?? 0);
    const all = [this.clip.original, ...this.clip.explanations.flatMap((each) => each.sounds)].filter(Boolean);
    const lowest = Math.min(0, ...all.map(gain));
    return 10 ** (Math.min(lowest - Math.min(gain(sound), 0), 0) / 20);
  }

  button(sound, whose) {
    const text = kindText(sound.kind);
    return make("button", { type: "button", class: "quiet", "aria-pressed": "false", "data-path": sound.path, title: `Play ${text}${whose ? ` (${whose})` : ""}`, onclick: () => this.play(sound, whose) }, text);
  }

  hears(found) {
    const order = Object.keys(KINDS);
    const rank = ({ kind }) => (kind.startsWith("random") ? 2.5 : order.indexOf(kind));
    const sounds = [...(found.sounds.length && this.clip.original ? [this.clip.original] : []), ...found.sounds].sort((a, b) => rank(a) - rank(b));
    return make("div", { class: "hears", role: "group", "aria-label": `Listen to ${found.method}` }, ...sounds.map((each) => this.button(each, each.kind === "original" ? "" : found.method)));
  }

  listening() {
    const { audio } = this;
    this.find("[data-listen]").hidden = !this.clip.original;
    if (this.clip.original) this.set(this.clip.original, "");
    for (const name of ["play", "pause", "ended", "seeked"]) audio.addEventListener(name, () => this.mark());
    document.addEventListener("keydown", (event) => {
      if (event.key !== " " || !this.clip.original || event.target.closest("button, input, select, a, audio, summary")) return;
      event.preventDefault();
      if (audio.paused) audio.play();
      else audio.pause();
    });
  }

  set(sound, whose) {
    this.playing = { sound, whose };
    this.audio.src = audioAddress(sound.path);
    this.audio.volume = this.volume(sound);
    this.mark();
  }

  // Another sound goes on from the same moment, but for those that have a time of their own.
  async play(sound, whose) {
    const { audio } = this;
    if (this.playing?.sound.path === sound.path) {
      if (audio.paused) await audio.play();
      else audio.pause();
      return;
    }
    const own = sound.kind === "joined" || this.playing?.sound.kind === "joined";
    const at = !audio.paused && !own ? audio.currentTime : 0;
    this.set(sound, whose);
    if (at) audio.currentTime = at;
    try {
      await audio.play();
    } catch (error) {
      if (error.name !== "AbortError") this.find("[data-playing]").textContent = `${kindText(sound.kind)} cannot be played: is ${sound.path} still beside the site?`;
    }
  }

  seek(seconds) {
    if (!this.playing || this.playing.sound.kind === "joined") return;
    this.audio.currentTime = Math.min(Math.max(seconds, 0), this.clip.seconds);
    this.follow();
  }

  mark() {
    const { audio, playing } = this;
    for (const button of study.querySelectorAll("[data-path]")) button.setAttribute("aria-pressed", String(!audio.paused && button.dataset.path === playing?.sound.path));
    if (playing) this.find("[data-playing]").textContent = `${kindText(playing.sound.kind)}${playing.whose ? `, ${playing.whose}` : ""}`;
    this.follow();
    const tick = () => {
      if (audio.paused) return;
      this.follow();
      requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }

  follow() {
    const shown = this.playing && this.playing.sound.kind !== "joined";
    for (const { picture, head } of this.pictures) {
      if (!picture.place) continue;
      head.hidden = !shown || this.audio.currentTime === 0;
      head.style.height = `${picture.place.height - 4}px`;
      head.style.transform = `translateX(${picture.x(Math.min(this.audio.currentTime, this.base.seconds)).toFixed(2)}px)`;
    }
  }
}

async function startClip() {
  const key = decodeURIComponent(location.hash.slice(1).split("~")[0]);
  window.addEventListener("hashchange", () => location.reload());
  const back = document.querySelector("[data-back]");
  if (document.referrer.includes("index.html")) back.addEventListener("click", (event) => { event.preventDefault(); history.back(); });
  if (!key) {
    document.querySelector("[data-headline]").textContent = "No clip was chosen";
    return;
  }
  try {
    const page = new ClipPage(unpacked(await load(key, `clips/${encodeURIComponent(key)}.js`)));
    await page.start();
    study.page = page;
  } catch (error) {
    document.querySelector("[data-headline]").textContent = "This clip cannot be shown";
    failed(document.querySelector("[data-cards]"), error);
  }
}

if (study) (study.dataset.study === "clip" ? startClip : startIndex)();

// The table of clips: filtered and sorted over all, drawn one page at a time.

const PAGE = 50;
const SHOWN = ["p_relevant", "p_random", "relevant-random", "p_removed", "area"];
const TWO_DIGITS = /^(p_|relevant-random|area$)/;  // so that a column lines up: 1.00 below 0.85

class Clips {
  constructor(root) {
    this.root = root;
    this.form = root.querySelector("[data-filters]");
    this.table = root.querySelector("table");
    this.page = 0;
    this.scores = {};
  }

  async start() {
    this.clips = await loadData("clips");
    const order = new Map(facts.labels.map((label, place) => [label, place]));
    const sorted = (name) => [...new Set(this.clips[name].filter((each) => each !== null))].sort((a, b) => (order.get(a) ?? 1e9) - (order.get(b) ?? 1e9) || String(a).localeCompare(b, "en", { numeric: true }));
    const fields = this.form.elements;
    const all = (name) => [["", "all"], ...sorted(name).map((each) => [each, each])];
    options(fields.method, facts.methods.map(({ key }) => [key, key]));
    for (const name of ["actual", "predicted"]) options(fields[name], all(name));
    const group = this.root.querySelector("[data-group]");
    group.hidden = !facts.grouped;
    group.firstChild.textContent = facts.group;
    options(fields.group, all("group"));
    this.read();
    this.form.addEventListener("input", () => this.change());
    this.form.addEventListener("reset", () => setTimeout(() => this.change()));
    this.form.addEventListener("submit", (event) => event.preventDefault());
    window.addEventListener("hashchange", () => {
      if (location.hash.startsWith("#clips") && location.hash !== this.address()) {
        this.read();
        this.change();
      }
    });
    await this.change(false);
  }

  // --- what is asked for, which is also in the address, so that going back finds it again -------------------

  read() {
    const asked = new URLSearchParams(location.hash.split("?")[1] ?? "");
    const { method } = this.form.elements;
    method.value = asked.get("method") ?? facts.methods[0]?.key ?? "";
    if (method.selectedIndex < 0) method.selectedIndex = 0;
    this.sorts();
    for (const name of ["actual", "predicted", "correct", "group", "text", "sort"]) {
      this.form.elements[name].value = asked.get(name) ?? (name === "sort" ? "" : "");
    }
    this.falling = asked.get("order") === "falling";
    this.page = Number(asked.get("page") ?? 1) - 1;
  }

  address() {
    const asked = new URLSearchParams();
    for (const name of ["method", "actual", "predicted", "correct", "group", "text", "sort"]) {
      const { value } = this.form.elements[name];
      if (value && !(name === "method" && value === facts.methods[0]?.key)) asked.set(name, value);
    }
    if (this.falling && this.form.elements.sort.value) asked.set("order", "falling");
    if (this.page) asked.set("page", this.page + 1);
    const text = asked.toString();
    return text ? `#clips?${text}` : "#clips";
  }

  get method() {
    return this.form.elements.method.value;
  }

  sorts() {
    const names = facts.scores[this.method] ?? [];
    const { sort } = this.form.elements;
    const chosen = sort.value;
    options(sort, [["", "order of the data set"], ["probability", "probability of the prediction"], ["probability_actual", "probability of the true class"], ["seconds", "length"], ...names.map((name) => [name, column(name).title])]);
    sort.value = chosen;
    if (sort.selectedIndex < 0) sort.selectedIndex = 0;
  }

  async change(turn = true) {
    this.sorts();
    const method = facts.methods.find(({ key }) => key === this.method);
    if (method) this.scores = await loadData(`scores-${method.number}`);
    if (turn) this.page = 0;
    this.draw();
  }

  sortBy(name) {
    const { sort } = this.form.elements;
    const best = column(name).better;
    this.falling = sort.value === name ? !this.falling : best > 0 || name.startsWith("p");
    sort.value = name;
    this.page = 0;
    this.draw();
  }

  values(name) {
    return this.clips[name] ?? this.scores[name] ?? [];
  }

  rows() {
    const { actual, predicted, correct, group, text, sort } = Object.fromEntries([...this.form.elements].map((each) => [each.name, each.value]));
    const words = text.toLowerCase();
    const { clips } = this;
    const kept = [];
    for (let row = 0; row < clips.id.length; row++) {
      if (actual && clips.actual[row] !== actual) continue;
      if (predicted && clips.predicted[row] !== predicted) continue;
      if (correct && clips.correct[row] !== (correct === "right")) continue;
      if (group && clips.group[row] !== group) continue;
      if (words && !clips.id[row].toLowerCase().includes(words)) continue;
      kept.push(row);
    }
    if (sort) {
      const values = this.values(sort);
      const way = this.falling ? -1 : 1;
      const missing = (row) => values[row] === null || values[row] === undefined;
      kept.sort((a, b) => missing(a) - missing(b) || (missing(a) ? 0 : way * (values[a] - values[b])) || a - b);
    }
    return kept;
  }

  draw() {
    const kept = this.rows();
    const pages = Math.max(Math.ceil(kept.length / PAGE), 1);
    this.page = Math.min(Math.max(this.page, 0), pages - 1);
    if (location.hash.startsWith("#clips") || !location.hash) history.replaceState(null, "", this.address());
    const scores = SHOWN.filter((name) => (facts.scores[this.method] ?? []).includes(name));
    const sort = this.form.elements.sort.value;
    if (sort && !scores.includes(sort) && !["probability", "probability_actual"].includes(sort)) scores.push(sort);
    this.head(scores, sort);
    const shown = kept.slice(this.page * PAGE, (this.page + 1) * PAGE);
    this.table.tBodies[0].replaceChildren(...shown.map((row) => this.row(row, scores)));
    const right = kept.filter((row) => this.clips.correct[row]).length;
    this.root.querySelector("[data-count]").textContent = kept.length
      ? `${number(kept.length)} of ${number(this.clips.id.length)} clips, ${number(right)} of them right (${((100 * right) / kept.length).toFixed(1)} %)`
      : "No clip is like that; choose fewer conditions.";
    const turn = (by, text) => make("button", { type: "button", class: "quiet", disabled: this.page + by < 0 || this.page + by >= pages, onclick: () => this.turn(by) }, text);
    this.root.querySelector("[data-pages]").replaceChildren(...(pages > 1 ? [turn(-1, "← previous"), `page ${this.page + 1} of ${pages}`, turn(1, "next →")] : []));
  }

  turn(by) {
    this.page += by;
    this.draw();
    this.table.scrollIntoView({ block: "start" });
  }

  head(scores, sort) {
    const plain = (text, tip, kind = "text") => make("th", { scope: "col", class: kind, title: tip }, text);
    const sortable = (name, { title, tip, better }) =>
      make("th", { scope: "col", title: tip, "aria-sort": sort === name && (this.falling ? "descending" : "ascending") }, make("button", { type: "button", "data-sort": name, onclick: () => this.sortBy(name) }, title + arrow(better) + (sort === name ? (this.falling ? " ▾" : " ▴") : "")));
    const relevance = `relevance by ${this.method}: orange speaks for the prediction, blue against it; time runs to the right, frequency upwards`;
    this.table.tHead.replaceChildren(
      make("tr", {},
        plain("relevance", relevance), plain("clip", "its name in the data set; opens its page"), plain("true", "its true class"), plain("predicted", "the class that the model predicts"),
        sortable("probability", { title: "probability", tip: "how probable the model finds what it predicts", better: 0 }),
        ...(facts.grouped ? [plain(facts.group, "who or what the clip belongs to", "text left-out")] : []),
        ...scores.map((name) => sortable(name, column(name))),
      ),
    );
  }

  row(row, scores) {
    const { clips } = this;
    const address = clipAddress(clips.key[row]);
    const right = clips.correct[row];
    const method = facts.methods.find(({ key }) => key === this.method);
    const picture = method && make("img", { class: "thumb", src: `thumbs/${method.number}/${encodeURIComponent(clips.key[row])}.png`, loading: "lazy", decoding: "async", width: 84, height: 40, alt: "" });
    return make("tr", {},
      make("td", { class: "text" }, make("a", { href: address, tabindex: -1, "aria-hidden": "true" }, picture ?? "")),
      make("td", { class: "text" }, make("a", { href: address }, clips.id[row])),
      make("td", { class: "text" }, clips.actual[row]),
      make("td", { class: right ? "text" : "text wrong" }, clips.predicted[row], right ? null : make("small", {}, `true: ${share(clips.probability_actual[row])}`)),
      make("td", {}, share(clips.probability[row])),
      ...(facts.grouped ? [make("td", { class: "text left-out" }, clips.group[row] ?? "–")] : []),
      ...scores.map((name) => make("td", {}, (TWO_DIGITS.test(name) ? share : (value) => number(value, 2))(this.values(name)[row]))),
    );
  }
}

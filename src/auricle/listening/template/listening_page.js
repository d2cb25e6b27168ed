// One page of the test: the player and a row of button and slider for each sound.

const WORDS = ["bad", "poor", "fair", "good", "excellent"];
const HEARD = 0.5; // seconds of a sound that must have been heard before it can be judged
const REFERENCE = "reference";

function wordOf(rating) {
  return WORDS[Math.min(Math.floor(rating / 20), 4)];
}

class Rating {
  // marks: what is known of each sound by its id, {plays, seconds, rating}; it is changed in place.
  constructor(root, item, marks, context, changed) {
    this.root = root;
    this.item = item;
    this.marks = marks;
    this.changed = changed;
    this.letters = new Map(item.sounds.map((sound, i) => [sound.id, String.fromCharCode(65 + i)]));
    const sources = [{ id: REFERENCE, data: item.reference }, ...item.sounds];
    for (const { id } of sources) marks[this.name(id)] ??= { plays: 0, seconds: 0, rating: null };
    this.player = new Player(sources, item.seconds, () => this.follow());
    this.player.context = context;
    this.player.loop = true;
    this.list = root.querySelector("[data-rows]");
    this.list.replaceChildren(...item.sounds.map((sound) => this.row(sound.id)));
    this.follow();
  }

  // The open reference belongs to its item; every other sound has an id of its own.
  name(id) {
    return id === REFERENCE ? `${REFERENCE} ${this.item.id}` : id;
  }

  row(id) {
    const letter = this.letters.get(id);
    const row = this.root.querySelector("template").content.cloneNode(true).querySelector("li");
    const [button, slider] = [row.querySelector("button"), row.querySelector("input")];
    row.dataset.row = id;
    button.textContent = letter;
    button.dataset.hear = id;
    button.setAttribute("aria-label", `Hear ${letter}`);
    slider.setAttribute("aria-label", `Rating of ${letter}`);
    slider.value = this.marks[id].rating ?? 50;
    const rate = () => {
      this.marks[id].rating = +slider.value;
      this.show(row, id);
      this.follow();
    };
    slider.addEventListener("input", rate);
    slider.addEventListener("pointerup", rate); // a click that leaves the slider where it was is a rating, too
    this.show(row, id);
    return row;
  }

  show(row, id) {
    const { rating } = this.marks[id];
    row.dataset.rated = String(rating !== null);
    row.querySelector("output").textContent = rating ?? "–";
    const said = rating === null ? "not rated yet" : `${rating}, ${wordOf(rating)}`;
    row.querySelector("input").setAttribute("aria-valuetext", said);
  }

  // Counts what was heard until now, then begins to count what is heard from now on.
  account() {
    const now = performance.now() / 1000;
    const { playing, chosen } = this.player;
    if (this.hearing) this.marks[this.name(this.hearing)].seconds += now - this.since;
    if (playing && this.hearing !== chosen) this.marks[this.name(chosen)].plays += 1;
    this.hearing = playing ? chosen : null;
    this.since = now;
  }

  follow() {
    this.account();
    const { playing, chosen } = this.player;
    for (const button of this.root.querySelectorAll("[data-hear]")) {
      button.setAttribute("aria-pressed", String(button.dataset.hear === chosen));
      button.dataset.heard = String(this.heard(button.dataset.hear));
    }
    const play = this.root.querySelector("[data-action=play]");
    play.setAttribute("aria-label", playing ? "Pause" : "Play");
    play.dataset.playing = String(playing);
    this.changed(this.missing());
  }

  heard(id) {
    return this.marks[this.name(id)].seconds >= Math.min(HEARD, 0.8 * this.item.seconds);
  }

  // What still has to be done before the next item, in words; nothing where all is done.
  missing() {
    const unheard = [...this.letters].filter(([id]) => !this.heard(id)).map(([, letter]) => letter);
    const unrated = [...this.letters].filter(([id]) => this.marks[id].rating === null).map(([, letter]) => letter);
    const open = this.heard(REFERENCE) ? [] : ["the reference"];
    const parts = [];
    if (open.length + unheard.length) parts.push(`Still to hear: ${[...open, ...unheard].join(", ")}.`);
    if (unrated.length) parts.push(`Still to rate: ${unrated.join(", ")}.`);
    return parts.join(" ");
  }

  async hear(id) {
    this.player.choose(id);
    if (!this.player.playing) await this.player.play();
  }

  stop() {
    this.player.pause();
  }
}

// The whole test: who listens, one page after another, and the results as a file.

function runListeningTest(script) {
  const root = script.closest(".auricle");
  const test = JSON.parse(script.textContent);
  const find = (selector) => root.querySelector(selector);
  let [items, state, rating, context] = [[], null, null, null];

  const place = (listener) => `auricle-listening-test/${test.test}/${listener}`;

  function kept(listener) {
    try {
      return JSON.parse(localStorage.getItem(place(listener)));
    } catch {
      return null; // no storage for this page, or damaged: begin anew
    }
  }

  function keep() {
    try {
      localStorage.setItem(place(state.listener), JSON.stringify(state));
    } catch {
      // a page that is closed then loses its progress
    }
  }

  function show(name) {
    for (const part of root.querySelectorAll("[data-stage]")) part.hidden = part.dataset.stage !== name;
    window.scrollTo(0, 0);
  }

  function begin(listener) {
    context ??= new AudioContext(); // not before a click: a browser would not let it start
    items = inOrderOf(listener, test);
    state = kept(listener) ?? { listener, page: 0, marks: {} };
    open(state.page);
  }

  function open(page) {
    rating?.stop();
    state.page = page;
    rating = null;
    keep();
    if (page >= items.length) {
      show("end");
      find("[data-stage=end] h1").focus();
      return;
    }
    const item = items[page];
    show("rating");
    find("[data-question]").textContent = item.question;
    find("[data-page]").textContent = `Page ${page + 1} of ${items.length}`;
    find("[data-done]").style.width = `${(100 * page) / items.length}%`;
    find("[data-action=back]").disabled = page === 0;
    find("[data-seek]").max = item.seconds;
    find("[data-action=next]").textContent = page + 1 < items.length ? "Next" : "Finish";
    const stage = find("[data-stage=rating]");
    rating = new Rating(stage, item, state.marks, context, (missing) => {
      find("[data-action=next]").disabled = missing !== "";
      const hint = find("[data-missing]");
      if (hint.textContent !== missing) hint.textContent = missing;
    });
    find("[data-question]").focus();
    keep();
  }

  function next() {
    if (rating && !rating.missing()) open(state.page + 1);
  }

  function results() {
    const ratings = items.flatMap((item) =>
      item.sounds.map(({ id }) => {
        const { plays, seconds, rating: value } = state.marks[id];
        return { item: item.id, condition: id, rating: value, plays, seconds: Math.round(seconds * 100) / 100 };
      }),
    );
    return { format: test.format, test: test.test, listener: state.listener, ratings };
  }

  function download() {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`${JSON.stringify(results(), null, 1)}\n`], { type: "application/json" }));
    link.download = `ratings-${state.listener}.json`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  const attempt = async (work) => {
    try {
      await work();
    } catch (error) {
      find("[data-trouble]").textContent = `This browser cannot play the sound (${error.message}).`;
    }
  };

  // --- controls -------------------------------------------------------------------------------------------

  find("form").addEventListener("submit", (event) => {
    event.preventDefault();
    begin(find("[name=listener]").value.trim());
  });
  find("[data-stage=rating]").addEventListener("click", (event) => {
    const button = event.target.closest("[data-hear]");
    if (button) attempt(() => rating.hear(button.dataset.hear));
  });
  find("[data-action=play]").addEventListener("click", () => attempt(() => rating.player.toggle()));
  find("[data-action=next]").addEventListener("click", next);
  for (const button of root.querySelectorAll("[data-action=back]")) {
    button.addEventListener("click", () => open(Math.max(state.page - 1, 0)));
  }
  find("[data-action=download]").addEventListener("click", download);
  const seek = find("[data-seek]");
  seek.addEventListener("input", () => rating.player.seek(Math.min(+seek.value, rating.item.seconds - 0.01)));

  document.addEventListener("keydown", (event) => {
    if (!rating || event.ctrlKey || event.metaKey || event.altKey || event.target.type === "text") return;
    const key = event.key.toLowerCase();
    const button = event.target.tagName === "BUTTON";
    if ((key === " " || key === "enter") && button) return; // presses that button
    const sound = [...rating.letters].find(([, letter]) => letter.toLowerCase() === key);
    if (key === " ") attempt(() => rating.player.toggle());
    else if (key === "enter") next();
    else if (key === "r" || key === "0") attempt(() => rating.hear(REFERENCE));
    else if (sound) {
      attempt(() => rating.hear(sound[0]));
      find(`[data-row="${sound[0]}"] input`).focus();
    } else return;
    event.preventDefault();
  });

  setInterval(() => {
    if (!rating?.player.playing) return;
    rating.follow();
    keep();
  }, 250);
  const tick = () => {
    if (rating?.player.playing) seek.value = rating.player.position;
    requestAnimationFrame(tick);
  };
  tick();
  root.listening = { test, orderOf: (listener) => inOrderOf(listener, test), get rating() { return rating; } };
  show("begin");
}

document.querySelectorAll("script[data-listening]").forEach(runListeningTest);

// Joins the player and the pictures with the controls of one page or fragment.

function start(root) {
  root.dataset.started = "";
  const find = (selector) => [...root.querySelectorAll(selector)];
  setTheme(root);
  for (const button of find("[data-action=theme]")) button.addEventListener("click", () => turnTheme(root));
  const source = root.querySelector("script[data-auricle]");
  if (!source) return;

  const data = JSON.parse(source.textContent);
  const look = { opacity: 0.9, for: true, against: true, warped: true, dark: isDark(root), mark: null };
  const frames = find(".picture");
  const pictures = frames.map((frame) => new Picture(frame.querySelector("canvas"), data, data.maps[+frame.dataset.map]));
  const heads = frames.map((frame) => frame.querySelector(".playhead"));
  const player = new Player(data.sources, data.seconds, changed);
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let moved = 0;
  let spoken;

  // --- seeing ---------------------------------------------------------------------------------------------

  function draw() {
    look.dark = isDark(root) && !root.dataset.printing;
    pictures.forEach((picture) => picture.draw(look));
    drawBars(root, data, look);
    follow();
  }

  function follow() {
    const position = player.position;
    pictures.forEach((picture, i) => {
      heads[i].style.transform = `translateX(${picture.x(position).toFixed(2)}px)`;
      heads[i].style.height = `${picture.place.height - 4}px`;
    });
    const text = `${(position + data.start).toFixed(2)} s`;
    for (const clock of find("[data-clock]")) clock.textContent = text;
    for (const frame of frames) {
      frame.setAttribute("aria-valuenow", position.toFixed(3));
      frame.setAttribute("aria-valuetext", `${text} of ${data.seconds.toFixed(2)} s`);
    }
  }

  function tick(now) {
    if (!player.playing) return;
    if (!still.matches || now - moved > 250) {
      moved = now;
      follow();
    }
    requestAnimationFrame(tick);
  }

  // --- hearing --------------------------------------------------------------------------------------------

  function changed() {
    const name = data.sources.find((each) => each.id === player.chosen).name;
    for (const button of find("[data-sound]")) {
      button.setAttribute("aria-pressed", String(button.dataset.sound === player.chosen));
    }
    for (const button of find("[data-hears]")) {
      const hears = player.playing && button.dataset.hears === player.chosen;
      button.setAttribute("aria-pressed", String(hears));
      button.dataset.playing = String(hears);
    }
    for (const button of find("[data-action=play]")) {
      button.setAttribute("aria-label", player.playing ? "Pause" : "Play");
      button.dataset.playing = String(player.playing);
    }
    for (const button of find("[data-action=loop]")) button.setAttribute("aria-pressed", String(player.loop));
    clearTimeout(spoken);
    spoken = setTimeout(() => {
      const text = `${player.playing ? "Playing" : "Paused"}: ${name}`;
      for (const status of find("[role=status]")) status.textContent = text;
    }, 80);
    follow();
    if (player.playing) requestAnimationFrame(tick);
  }

  const attempt = async (work) => {
    try {
      await work();
    } catch (error) {
      player.rest(player.offset);
      clearTimeout(spoken);
      for (const status of find("[role=status]")) status.textContent = `This browser cannot play the sound (${error.message}).`;
    }
  };
  const toggle = () => attempt(() => player.toggle());
  const nudge = (seconds) => player.seek(player.position + seconds);

  // --- controls -------------------------------------------------------------------------------------------

  for (const button of find("[data-sound]")) {
    button.addEventListener("click", () => {
      player.choose(button.dataset.sound);
      if (button.dataset.plays !== undefined && !player.playing) toggle();
    });
  }
  for (const button of find("[data-hears]")) {
    button.addEventListener("click", () => {
      if (player.chosen === button.dataset.hears && player.playing) return toggle();
      player.choose(button.dataset.hears);
      if (!player.playing) attempt(() => player.play());
    });
  }
  for (const row of find("[data-part]")) {
    row.addEventListener("click", () => {
      const { part, start, end, low, high } = row.dataset;
      const again = look.mark?.part === part && !(player.playing && player.chosen === part);
      look.mark = again ? null : { part, start: +start, end: +end, low: +(low ?? 0), high: +(high ?? data.top) };
      for (const each of find("[data-part]")) each.classList.toggle("marked", look.mark?.part === each.dataset.part);
      draw();
    });
  }
  for (const button of find("[data-action=play]")) button.addEventListener("click", toggle);
  for (const button of find("[data-action=loop]")) button.addEventListener("click", () => player.setLoop(!player.loop));
  for (const slider of find("input[data-look=opacity]")) {
    slider.addEventListener("input", () => {
      look.opacity = slider.value / 100;
      draw();
    });
  }
  for (const box of find("input[type=checkbox][data-look]")) {
    box.addEventListener("change", () => {
      look[box.dataset.look] = box.checked;
      draw();
    });
  }
  if (!data.maps.some((map) => map.scale)) find("[data-only=warped]").forEach((each) => each.remove());

  frames.forEach((frame, i) => {
    const canvas = pictures[i].canvas;
    const place = (event) => {
      const box = canvas.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top];
    };
    const seek = (event) => player.seek(pictures[i].seconds(place(event)[0]));
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button === 0) seek(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (event.buttons & 1) seek(event);
      for (const line of find("[data-readout]")) line.textContent = pictures[i].read(...place(event));
    });
    canvas.addEventListener("pointerleave", () => {
      for (const line of find("[data-readout]")) line.textContent = "";
    });
  });

  const order = data.sources.filter((each) => !each.part).map((each) => each.id);
  const keys = {
    " ": toggle,
    o: () => player.choose("original"),
    k: () => player.choose(order.find((id) => id.startsWith("kept"))),
    r: () => player.choose(order.find((id) => id.startsWith("removed"))),
    l: () => player.setLoop(!player.loop),
    ArrowLeft: () => nudge(-data.seconds / 50),
    ArrowRight: () => nudge(data.seconds / 50),
    Home: () => player.seek(0),
    End: () => player.seek(data.seconds),
  };
  const listener = root.dataset.whole === undefined ? root : document;
  listener.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const tag = event.target.tagName;
    const own = { INPUT: true, SELECT: true, TEXTAREA: true, BUTTON: event.key === " ", SUMMARY: event.key === " " };
    if (own[tag]) return;
    if ((event.key === "Home" || event.key === "End") && !event.target.closest?.(".picture")) return;
    const digit = order[+event.key - 1];
    const action = digit && event.key !== " " ? () => player.choose(digit) : keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    action();
  });

  // --- looks ----------------------------------------------------------------------------------------------

  root.addEventListener("auricle-theme", draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  window.addEventListener("beforeprint", () => {
    root.dataset.printing = "1";
    draw();
  });
  window.addEventListener("afterprint", () => {
    delete root.dataset.printing;
    draw();
  });
  let width = 0;
  new ResizeObserver(() => {
    if (root.clientWidth === width || !root.clientWidth) return;
    width = root.clientWidth;
    draw();
  }).observe(root);
  root.auricle = player;
  draw();
  changed();
}

const THEME = "auricle-theme";

function isDark(root) {
  if (root.dataset.theme) return root.dataset.theme === "dark";
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

// A notebook says itself whether it is dark; a page remembers what was chosen.
function setTheme(root) {
  const { body } = document;
  if (root.dataset.whole === undefined) {
    const light = body.dataset.jpThemeLight;
    if (light) root.dataset.theme = light === "true" ? "light" : "dark";
    else if (body.classList.contains("vscode-dark")) root.dataset.theme = "dark";
    else if (body.classList.contains("vscode-light")) root.dataset.theme = "light";
    return;
  }
  try {
    const theme = localStorage.getItem(THEME);
    if (theme === "dark" || theme === "light") root.dataset.theme = theme;
  } catch {
    // no storage for this page: follow the system
  }
}

function turnTheme(root) {
  root.dataset.theme = isDark(root) ? "light" : "dark";
  try {
    localStorage.setItem(THEME, root.dataset.theme);
  } catch {
    // not remembered
  }
  root.dispatchEvent(new Event("auricle-theme"));
}

document.querySelectorAll(".auricle:not([data-started])").forEach(start);

// Joins all pieces of a concepts page with the keyboard, the switches and the light.

function startConcepts(root) {
  for (const block of root.querySelectorAll("[data-clip-piece], [data-crop-piece]")) {
    if (block.dataset.cropPiece === undefined) new ClipPiece(block);
    else new CropPiece(block);
  }
  if (!pieces.length) return;

  const draw = () => {
    looks.dark = isDark(root) && !root.dataset.printing;
    for (const piece of pieces) piece.draw();
    drawBars(root, pieces[0].data, looks);
  };
  for (const input of root.querySelectorAll("[data-look]")) {
    const { look } = input.dataset;
    input.addEventListener("input", () => {
      looks[look] = input.type === "range" ? input.value / 100 : input.checked;
      for (const other of root.querySelectorAll(`[data-look=${look}]`)) [other.value, other.checked] = [input.value, input.checked];
      draw();
    });
  }
  if (!pieces.some(({ data }) => data.maps.some((map) => map.scale))) {
    for (const each of root.querySelectorAll("[data-only=warped]")) each.remove();
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const own = { INPUT: true, SELECT: true, TEXTAREA: true, BUTTON: event.key === " ", SUMMARY: event.key === " " };
    if (own[event.target.tagName]) return;
    if ((event.key === "Home" || event.key === "End") && !event.target.closest?.(".picture")) return;
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    const now = heard ?? pieces[0];
    const action = { ...now.keys(), ...moves(root, now) }[key];
    if (!action) return;
    event.preventDefault();
    action();
  });

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
  root.concepts = pieces;
  draw();
}

document.querySelectorAll(".auricle").forEach(startConcepts);

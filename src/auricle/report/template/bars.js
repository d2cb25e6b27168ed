// The bars that say what the colours mean.

function drawBars(root, data, look) {
  const colours = COLOURS[look.dark ? "dark" : "light"];
  const paint = (canvas, colour) => {
    const pen = canvas.getContext("2d");
    const { width, height } = canvas;
    pen.clearRect(0, 0, width, height);
    for (let x = 0; x < width; x++) {
      pen.fillStyle = colour(x / (width - 1));
      pen.fillRect(x, 0, 1, height);
    }
  };
  for (const canvas of root.querySelectorAll("canvas[data-bar=relevance]")) {
    paint(canvas, (at) => {
      const share = 2 * at - 1;
      const shown = look[share > 0 ? "for" : "against"];
      const alpha = shown ? Math.abs(share) ** data.ramp * look.opacity : 0;
      return css(share > 0 ? colours.for : colours.against, alpha);
    });
  }
  for (const canvas of root.querySelectorAll("canvas[data-bar=sound]")) {
    paint(canvas, (at) => css(colours.paper.map((dim, c) => Math.round(dim + (colours.loud[c] - dim) * at))));
  }
}

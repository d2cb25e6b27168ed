// Prototypes: short stretches of clips, and the way from one to the next by keys.

class CropPiece extends Piece {
  keys() {
    return { ...super.keys(), o: () => this.choose("original"), c: () => this.choose("concept") };
  }
}

// N and P go to the next and the previous prototype, up and down and figures to another concept.
function moves(root, now) {
  const rows = [...root.querySelectorAll("[data-prototypes]")]
    .map((row) => pieces.filter((piece) => row.contains(piece.block)))
    .filter((row) => row.length);
  if (!rows.length) return {};
  const all = rows.flat();
  const row = rows.findIndex((each) => each.includes(now));
  const go = (piece) => {
    if (!piece) return;
    const goesOn = now.player.playing;
    if (goesOn) {
      piece.player.choose(now.player.chosen);
      piece.player.loop = now.player.loop;
    }
    heard = piece;
    piece.block.focus();
    if (goesOn) piece.toggle();
  };
  if (row < 0) return { n: () => go(all[0]), p: () => go(all[all.length - 1]) };
  const at = heard ? all.indexOf(now) : -1;
  const found = {
    n: () => go(all[at + 1]),
    p: () => go(all[at - 1]),
    ArrowDown: () => go(rows[row + 1]?.[0]),
    ArrowUp: () => go(rows[row - 1]?.[0]),
  };
  rows.slice(0, 9).forEach((each, i) => (found[i + 1] = () => go(each[0])));
  return found;
}

// The order of items and of their sounds: random, but the same whenever the same listener opens the same test.

// Numbers from 0 to 1 that follow from a text (FNV-1a to seed, mulberry32 to go on).
function numbersFrom(text) {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) state = Math.imul(state ^ byte, 0x01000193);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function shuffled(values, text) {
  const [found, next] = [[...values], numbersFrom(text)];
  for (let i = found.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [found[i], found[j]] = [found[j], found[i]];
  }
  return found;
}

function inOrderOf(listener, test) {
  const items = shuffled(test.items, `${test.test}/${listener}`);
  return items.map((item) => ({ ...item, sounds: shuffled(item.sounds, `${test.test}/${listener}/${item.id}`) }));
}

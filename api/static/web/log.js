// The log as it is served, read strictly: C2SP signed-note, tlog-checkpoint and tlog-tiles, RFC 9162. Nothing but WebCrypto is used,
// and whatever is not exactly what the formats say is Wrong.

export class Wrong extends Error {}
const WIDTH = 256;
const HASH = 32;
const ED25519 = 1;
const MOST_SIGNATURES = 100;

export function demand(holds, told) {
  if (!holds) throw new Wrong(told);
}

// --- bytes ---------------------------------------------------------------------------------------------------------------

export const utf8 = (text) => new TextEncoder().encode(text);
export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
export const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

export function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

export function fromBase64(text) {
  let bytes;
  try {
    bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  } catch {
    throw new Wrong(`“${text.slice(0, 80)}” is not base64`);
  }
  demand(base64(bytes) === text, `“${text.slice(0, 80)}” is not base64 in its one spelling`);
  return bytes;
}

export function fromHex(text) {
  demand(typeof text === "string" && /^([0-9a-f]{2})*$/.test(text), "a salt is not in hexadecimal");
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

export function text(bytes) {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Wrong("what the server sent is not UTF-8 text");
  }
}

export const same = (one, other) => one.length === other.length && one.every((byte, index) => byte === other[index]);
export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
export const leafHash = (envelope) => sha256(joined(Uint8Array.of(0), envelope));
export const nodeHash = (left, right) => sha256(joined(Uint8Array.of(1), left, right));

// --- keys, notes, checkpoints --------------------------------------------------------------------------------------------

/** A verifier key, `name+id+base64`, of an Ed25519 key of a log. */
export async function parseKey(line) {
  const [, name, id, material] = /^([^\s+]+)\+([0-9a-f]{8})\+(\S+)$/.exec(line.trim()) ?? [];
  demand(material, "this is no verifier key; it is one line, name+id+base64");
  const bytes = fromBase64(material);
  demand(bytes.length === 33 && bytes[0] === ED25519, "this is not the Ed25519 key of a log");
  const made = hex((await sha256(joined(utf8(`${name}\n`), bytes))).slice(0, 4));
  demand(made === id, `the key of ${name} has the id ${made}, and not ${id}`);
  return { line: line.trim(), name, id, public: bytes.slice(1) };
}

/** A checkpoint: what is claimed, the signed text and the signature lines. Worth nothing before a signature is verified. */
export function parseCheckpoint(note) {
  const at = note.lastIndexOf("\n\n");
  demand(at > 0 && note.endsWith("\n") && note.length > at + 2, "the checkpoint is no signed note");
  const body = note.slice(0, at + 1);
  const lines = note.slice(at + 2, -1).split("\n");
  demand(lines.length <= MOST_SIGNATURES, "the checkpoint has too many signatures");
  const [origin, size, root, ...rest] = body.slice(0, -1).split("\n");
  demand(origin && size && root && rest.every(Boolean), "a checkpoint has three lines: origin, size, root");
  demand(/^(0|[1-9][0-9]{0,14})$/.test(size), "the checkpoint names no size");
  const hash = fromBase64(root);
  demand(hash.length === HASH, "the checkpoint names no root");
  return { origin, size: Number(size), root: hash, body, signatures: lines.map(parseSignature) };
}

function parseSignature(line) {
  const [, name, content] = /^\u2014 ([^\s+]+) (\S+)$/.exec(line) ?? [];
  demand(content, "the checkpoint has a line that is no signature");
  const bytes = fromBase64(content);
  demand(bytes.length >= 5, `the signature of ${name} is too short`);
  return { name, id: hex(bytes.slice(0, 4)), bytes: bytes.slice(4) };
}

/** Whether a key has signed a checkpoint: there is a signature under its name and id, and each of those is right. */
export async function isSigned(checkpoint, key) {
  const own = checkpoint.signatures.filter((one) => one.name === key.name && one.id === key.id);
  const imported = await crypto.subtle.importKey("raw", key.public, { name: "Ed25519" }, false, ["verify"]);
  for (const one of own) {
    const right = await crypto.subtle.verify({ name: "Ed25519" }, imported, one.bytes, utf8(checkpoint.body));
    demand(right, `the signature under the name and id of the key ${key.name} (${key.id}) is not over this checkpoint`);
  }
  return own.length > 0;
}

// --- the tree ------------------------------------------------------------------------------------------------------------

const widthAt = (level, index, size) => Math.min(WIDTH, Math.floor(size / WIDTH ** level) - index * WIDTH);

/** The last part of a tile's address: 1234067 is x001/x234/067, of a partial tile followed by .p and its width. */
export function tilePath(index, width) {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, "0").match(/.{3}/g);
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join("/");
  return width === WIDTH ? path : `${path}.p/${width}`;
}

/** The largest power of two smaller than a count. */
function split(count) {
  let half = 1;
  while (half * 2 < count) half *= 2;
  return half;
}

/** The tree of one size, as its tiles are served; `fetched` gives the bytes at an address below the log's. */
export class Tree {
  constructor(size, fetched) {
    this.size = size;
    this.fetched = fetched;
    this.tiles = new Map();
  }

  /** Where the entry at a position lies: the last part of its bundle's address, how many it holds, and which it is. */
  place(position) {
    const index = Math.floor(position / WIDTH);
    const width = widthAt(0, index, this.size);
    return { path: tilePath(index, width), width, within: position % WIDTH };
  }

  async tile(level, index) {
    const width = widthAt(level, index, this.size);
    const address = `tile/${level}/${tilePath(index, width)}`;
    if (!this.tiles.has(address)) this.tiles.set(address, this.fetched(address));
    const bytes = await this.tiles.get(address);
    demand(bytes.length === HASH * width, `the tile ${address} has ${bytes.length} bytes, and not ${HASH * width}`);
    return bytes;
  }

  async hash(level, index) {
    const within = (index % WIDTH) * HASH;
    return (await this.tile(level, Math.floor(index / WIDTH))).slice(within, within + HASH);
  }

  /** The hash over leaves `start` up to `end`, from whole tiles where it can be. */
  async over(start, end) {
    const count = end - start;
    for (let level = 0, span = 1; span <= count; level += 1, span *= WIDTH) {
      if (count === span) return this.hash(level, start / span);
    }
    const middle = start + split(count);
    return nodeHash(await this.over(start, middle), await this.over(middle, end));
  }

  /** The root to which a leaf at a position leads, with siblings from the tiles: RFC 9162, section 2.1.3. */
  async rootFrom(leaf, position, start = 0, end = this.size) {
    if (end - start === 1) return leaf;
    const middle = start + split(end - start);
    return position < middle
      ? nodeHash(await this.rootFrom(leaf, position, start, middle), await this.over(middle, end))
      : nodeHash(await this.over(start, middle), await this.rootFrom(leaf, position, middle, end));
  }

  /** The roots of the tree of `old` leaves and of this one, both from the same hashes: RFC 9162, section 2.1.4. */
  async rootsSince(old, start = 0, end = this.size) {
    if (old === end) {
      const whole = await this.over(start, end);
      return [whole, whole];
    }
    const middle = start + split(end - start);
    if (old <= middle) {
      const [before, now] = await this.rootsSince(old, start, middle);
      return [before, await nodeHash(now, await this.over(middle, end))];
    }
    const left = await this.over(start, middle);
    const [before, now] = await this.rootsSince(old, middle, end);
    return [await nodeHash(left, before), await nodeHash(left, now)];
  }
}

/** The envelopes of a bundle, each after its length in two bytes. */
export function envelopes(bundle, width) {
  const found = [];
  let at = 0;
  while (at < bundle.length) {
    const length = bundle[at] * 256 + bundle[at + 1];
    demand(at + 2 + length <= bundle.length, "the entry bundle is torn");
    found.push(bundle.slice(at + 2, at + 2 + length));
    at += 2 + length;
  }
  demand(found.length === width, `the entry bundle holds ${found.length} entries, and not ${width}`);
  return found;
}

/** The payloads and salts of a bundle, a JSON object a line. */
export function payloads(lines, width) {
  demand(lines.endsWith("\n"), "the payloads are torn");
  const found = lines.slice(0, -1).split("\n").map(fromJson);
  demand(found.length === width, `the payloads are of ${found.length} entries, and not ${width}`);
  return found;
}

export function fromJson(line) {
  try {
    const said = JSON.parse(line);
    if (said !== null && typeof said === "object") return said;
  } catch {
    // told below, as what is no object is
  }
  throw new Wrong("what the server sent is no JSON object");
}

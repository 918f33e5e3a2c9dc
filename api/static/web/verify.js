// Verifies the entry of this page in the browser: from payload and salt to the signed root, believing nothing but a key.
//
// The key is the one that somebody pasted, else the one that this browser saw first here (trust on first use). The largest
// checkpoint that was verified is remembered, too: a log that is set back, or shows another past, is found by it.

import * as log from "./log.js";
import { Wrong, demand } from "./log.js";

const KEY = "mission-ledger:key";
const SEEN = (origin) => `mission-ledger:checkpoint:${origin}`;
class NotYet extends Error {}

const element = (id) => document.getElementById(id);
const checks = () => element("verified").querySelector("ol");

function remembered(name) {
  try {
    return JSON.parse(localStorage.getItem(name));
  } catch {
    return null; // no storage, or nothing that this script wrote: nothing is remembered
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    say("", "This browser keeps nothing: neither the key nor the checkpoint is remembered.");
  }
}

// --- what is told --------------------------------------------------------------------------------------------------------

function say(kind, told) {
  const line = document.createElement("li");
  if (kind) {
    const badge = document.createElement("span");
    badge.className = `badge ${kind}`;
    badge.textContent = { good: "holds", bad: "wrong", warn: "removed" }[kind];
    line.append(badge, " ");
  }
  line.append(told);
  checks().append(line);
}

function conclude(kind, told) {
  const outcome = element("verified").querySelector(".outcome");
  outcome.className = `outcome notice ${kind}`;
  outcome.textContent = told;
  outcome.hidden = false;
}

/** A step: what it tells where it holds, as it happens; where it does not, the reason in its place. */
async function step(attempt) {
  const { told, made, kind } = await attempt();
  say(kind ?? "good", told);
  return made;
}

// --- what is fetched -----------------------------------------------------------------------------------------------------

async function fetched(path) {
  let answer;
  try {
    answer = await fetch(`/v1/log/${path}`, { cache: "no-store", credentials: "same-origin" });
  } catch {
    throw new Wrong(`the server does not answer for ${path}`);
  }
  demand(answer.ok, `the server answers ${answer.status} for ${path}`);
  return new Uint8Array(await answer.arrayBuffer());
}

const day = (moment) => new Date(moment).toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric" });

// --- the steps -----------------------------------------------------------------------------------------------------------

/** The newest checkpoint, as somebody signed it. */
async function readCheckpoint() {
  const checkpoint = log.parseCheckpoint(log.text(await fetched("checkpoint")));
  return { made: checkpoint, told: `The checkpoint of ${checkpoint.origin} is of ${checkpoint.size} entries.` };
}

/** The key by which the checkpoint is signed, and which assurance that is. */
async function checkSignature(checkpoint) {
  const pasted = element("key").value.trim();
  const first = remembered(KEY);
  if (pasted) return signedBy(checkpoint, await log.parseKey(pasted), "the key you pasted");
  if (first) return signedBy(checkpoint, await log.parseKey(first.key), `the key this browser saw first on ${day(first.seen)}`, first);
  return signedBy(checkpoint, await firstKey(checkpoint.origin), "the key this browser saw first now, and remembers");
}

/** The key that the server names: worth remembering, and believed only because nobody told another one. */
async function firstKey(origin) {
  const answer = await fetch("/v1/log/keys", { cache: "no-store", credentials: "same-origin" });
  const lines = answer.ok ? (await answer.text()).trim().split("\n") : [];
  const keys = (await Promise.all(lines.map(log.parseKey))).filter((key) => key.name === origin);
  demand(keys.length > 0, `the server names no key of ${origin}; paste the one that its keeper publishes`);
  return keys[0];
}

async function signedBy(checkpoint, key, whose, first) {
  const changed = first ? " It has another key than before: ask its keeper why, from elsewhere." : "";
  demand(key.name === checkpoint.origin, `the checkpoint is of ${checkpoint.origin}, and ${whose} is of ${key.name}.${changed}`);
  demand(await log.isSigned(checkpoint, key), `the checkpoint is not signed by ${whose} (${key.id}).${changed}`);
  return { made: { key, whose }, told: `The checkpoint is signed by ${whose}: ${key.line}` };
}

/** The log goes on from the largest checkpoint that was verified here before. */
async function checkGrowth(checkpoint, tree) {
  const seen = remembered(SEEN(checkpoint.origin));
  if (!seen) return { told: "No earlier checkpoint was verified in this browser; this one is remembered if all holds." };
  const root = log.fromBase64(seen.root);
  const when = `the checkpoint of ${seen.size} entries that this browser verified on ${day(seen.seen)}`;
  demand(checkpoint.size >= seen.size, `the log was set back: it now has ${checkpoint.size} entries, fewer than ${when}`);
  if (checkpoint.size === seen.size || seen.size === 0) {
    demand(seen.size === 0 || log.same(root, checkpoint.root), `the log shows another past: its root is not that of ${when}`);
    return { told: `It is ${when}.` };
  }
  const [before, now] = await tree.rootsSince(seen.size);
  demand(log.same(now, checkpoint.root), "the tiles have another root than the checkpoint");
  demand(log.same(before, root), `the log shows another past: it does not go on from ${when}`);
  return { told: `It goes on from ${when}.` };
}

/** The envelope of the entry, as the log has it. */
async function readEnvelope(position, tree) {
  const { path, width, within } = tree.place(position);
  const bytes = log.envelopes(await fetched(`tile/entries/${path}`), width)[within];
  const envelope = log.fromJson(log.text(bytes));
  demand(envelope.position === position, `in the place of entry ${position} the log has entry ${envelope.position}`);
  return { made: { bytes, envelope }, told: `The log has the envelope of entry ${position}: ${envelope.type}, effective ${envelope.effective}.` };
}

/** Payload and salt are those that the envelope commits to. */
async function checkPayload(position, tree, { envelope }) {
  const { path, width, within } = tree.place(position);
  const { payload, salt } = log.payloads(log.text(await fetched(`payloads/${path}`)), width)[within];
  if (payload === null && salt === null) {
    return { made: null, kind: "warn", told: "The payload was removed: nobody can verify what it said, only that the envelope stayed." };
  }
  demand(typeof payload === "string", "the payload is no text");
  const bytes = log.fromHex(salt);
  demand(bytes.length === 32, "the salt has not 32 bytes");
  const made = log.hex(await log.sha256(log.joined(bytes, log.utf8(payload))));
  demand(made === envelope.commitment, "the payload is not the one that was recorded: it does not give the commitment in the envelope");
  return { made: payload, told: `Salt and payload give the commitment in the envelope, ${made.slice(0, 16)}….` };
}

/** What this page shows is what was verified. */
function checkShown(payload, { bytes }) {
  const shown = element("payload")?.textContent ?? null;
  demand(shown === payload, "this page shows another payload than the one that the log has");
  demand(element("envelope").textContent === log.text(bytes), "this page shows another envelope than the one that the log has");
  const what = payload === null ? "The envelope" : "The payload and the envelope";
  return { told: `${what} shown on this page, under “As it is stored”, are what was verified.` };
}

/** The envelope is a leaf under the signed root. */
async function checkInclusion(position, tree, checkpoint, { bytes }) {
  const leaf = await log.leafHash(bytes);
  demand(log.same(await tree.hash(0, position), leaf), `the tile of level 0 has another hash for entry ${position} than its envelope gives`);
  const root = await tree.rootFrom(leaf, position);
  demand(log.same(root, checkpoint.root), `the tiles lead from entry ${position} to another root than the checkpoint has`);
  return { told: `Leaf hash ${log.hex(leaf).slice(0, 16)}… and the tiles give the root of the checkpoint, ${log.hex(root).slice(0, 16)}….` };
}

async function verify(position) {
  demand(globalThis.crypto?.subtle, "this browser computes hashes on https:// addresses only; use one, or the command below");
  const checkpoint = await step(readCheckpoint);
  const { key, whose } = await step(() => checkSignature(checkpoint));
  const tree = new log.Tree(checkpoint.size, fetched);
  await step(() => checkGrowth(checkpoint, tree));
  if (position >= checkpoint.size) throw new NotYet(`Entry ${position} is recorded and not signed yet; verify it again in a moment.`);
  const stored = await step(() => readEnvelope(position, tree));
  const payload = await step(() => checkPayload(position, tree, stored));
  await step(() => checkInclusion(position, tree, checkpoint, stored));
  await step(async () => checkShown(payload, stored));
  keep(checkpoint, key);
  const what = payload === null ? "is in the log, and what it said was removed" : "is in the log as it was recorded";
  return `Entry ${position} ${what}. The log, of ${checkpoint.size} entries, is signed by ${whose}.`;
}

/** After everything held: the first key, and the largest checkpoint. A pasted key is not the first one seen. */
function keep(checkpoint, key) {
  const seen = remembered(SEEN(checkpoint.origin));
  const now = new Date().toISOString();
  if (!remembered(KEY) && !element("key").value.trim()) remember(KEY, { key: key.line, seen: now });
  if (!seen || seen.size < checkpoint.size) {
    remember(SEEN(checkpoint.origin), { size: checkpoint.size, root: log.base64(checkpoint.root), seen: now });
  }
}

// --- the page ------------------------------------------------------------------------------------------------------------

async function run() {
  const button = element("verify-now");
  const position = Number(location.pathname.split("/").pop());
  button.setAttribute("aria-disabled", "true");
  checks().replaceChildren();
  element("verified").querySelector(".outcome").hidden = true;
  try {
    conclude("good", await verify(position));
  } catch (error) {
    fail(position, error);
  }
  button.removeAttribute("aria-disabled");
  element("forget").hidden = !remembered(KEY);
}

function fail(position, error) {
  if (error instanceof NotYet) return conclude("warn", error.message);
  const told = error instanceof Wrong ? error.message : `this browser could not compute it (${error.message})`;
  say("bad", sentence(told));
  conclude("bad", `Entry ${position} is not verified: ${told.replace(/\.$/, "")}.`);
}

const sentence = (told) => `${told[0].toUpperCase()}${told.slice(1).replace(/\.$/, "")}.`;

function forget() {
  Object.keys(localStorage).filter((name) => name.startsWith("mission-ledger:")).forEach((name) => localStorage.removeItem(name));
  checks().replaceChildren();
  conclude("warn", "Forgotten. The next key that this browser sees here is the first one again, so take care whose it is.");
  element("forget").hidden = true;
  element("verify-now").focus();
}

function ready() {
  if (!element("verifier")) return;
  element("verifier").hidden = false;
  element("forget").hidden = !remembered(KEY);
  element("verify-now").addEventListener("click", () => element("verify-now").hasAttribute("aria-disabled") || run());
  element("forget").addEventListener("click", forget);
}

ready();

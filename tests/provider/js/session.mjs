// How a script talks with the test that runs it: see tests/provider/clients/process.py.
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function next() {
  return JSON.parse((await lines.next()).value);
}

function say(value) {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

export const settings = await next();

/** Send the person's browser somewhere; return the address that it comes back to. */
export async function open(url) {
  say({ open: String(url) });
  return new URL(await next());
}

export function finish(result) {
  say(result);
  process.exit(0);
}

/** Return the OAuth error that something ends with, "" if it succeeds. */
export async function errorOf(promise) {
  try {
    await promise;
    return "";
  } catch (error) {
    return error.error ?? error.code ?? String(error);
  }
}

// Starts the real binary on an empty data directory, as a person would on a new machine, and ends it.
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const READY = 60_000; // ms for the first start: keys, migrations, the first ruleset

// start gives the address and the administrator that the first start prints once.
export async function start(binary) {
  const data = await mkdtemp(join(tmpdir(), "qingyuan-e2e-"));
  const child = spawn(binary, ["serve", "--data", data, "--listen", "127.0.0.1:0"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const exited = new Promise((resolve) => child.once("exit", resolve));
  const collect = (chunk) => {
    output += chunk;
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const find = (pattern) => pattern.exec(output)?.[1];
  const deadline = Date.now() + READY;
  while (!find(/listens on (\S+)/)) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill("SIGKILL");
      throw new Error(`the server did not start:\n${output}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url: find(/listens on (\S+)/),
    user: find(/user\s+(\S+)/),
    password: find(/password\s+(\S+)/),
    log: () => output,
    async stop() {
      child.kill("SIGTERM");
      await exited;
      await rm(data, { recursive: true, force: true });
    },
  };
}

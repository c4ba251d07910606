// Starts the real binary on an empty data directory, as a person would on a new machine, and ends it.
import { execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const READY = 60_000; // ms for the first start: keys, migrations, the first ruleset

// launch runs one command of the binary until it listens.
async function launch(binary, args) {
  const child = spawn(binary, [...args, "--listen", "127.0.0.1:0"], { stdio: ["ignore", "pipe", "pipe"] });
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
    find,
    log: () => output,
    async stop() {
      child.kill("SIGTERM");
      await exited;
    },
  };
}

// start runs the server on an empty data directory and gives the address and the administrator that the first start prints once.
export async function start(binary) {
  const data = await mkdtemp(join(tmpdir(), "qingyuan-e2e-"));
  const server = await launch(binary, ["serve", "--data", data]);
  return {
    ...server,
    user: server.find(/user\s+(\S+)/),
    password: server.find(/password\s+(\S+)/),
    async stop() {
      await server.stop();
      await rm(data, { recursive: true, force: true });
    },
  };
}

// startCheck runs the public check, which has no data directory, with a place for reports; reports() reads them.
export async function startCheck(binary) {
  const dir = await mkdtemp(join(tmpdir(), "qingyuan-check-"));
  const run = (...args) => execFileSync(binary, ["check", ...args], { encoding: "utf8" }).trim();
  const key = run("key", "--out", join(dir, "key"));
  await mkdir(join(dir, "reports"));
  const limits = ["--hotline", "95000", "--rate", "0.05", "--burst", "24"];
  const report = ["--reports", join(dir, "reports"), "--report-key", key];
  const server = await launch(binary, ["check", "serve", ...limits, ...report]);
  return {
    ...server,
    reports: () => run("reports", join(dir, "reports"), "--key", join(dir, "key")),
    async stop() {
      await server.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}

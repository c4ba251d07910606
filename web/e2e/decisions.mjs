// A browser against the real binary: the first administrator signs in and sets a password, a lender's system sends the
// authored events, and a reason is followed to its rule, its values and the events behind them.
//
//   QINGYUAN_BIN  the binary; ../bin/qingyuan where empty
//   CHROMIUM      the browser; /usr/bin/chromium where empty
//   SHOTS         where screenshots go; e2e/shots where empty
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { start } from "./server.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const shots = process.env.SHOTS ?? here("shots");
const events = readFileSync(here("../../testdata/authored_events.jsonl"), "utf8").trim().split("\n");
const OWN_PASSWORD = "correct horse of the e2e stable";
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];

mkdirSync(shots, { recursive: true });
const server = await start(process.env.QINGYUAN_BIN ?? here("../../bin/qingyuan"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [...flags, ...quiet],
});
const complaints = []; // of the browser: policy violations, script errors, requests to other origins
let passed = 0;
let failed = 0;

async function check(name, run) {
  try {
    await run();
    passed++;
    console.log(`ok   ${name}`);
  } catch (error) {
    failed++;
    console.log(`FAIL ${name}\n     ${String(error.message).split("\n").slice(0, 8).join("\n     ")}`);
  }
}

async function open(width, height, colorScheme = "light") {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme,
    locale: "zh-CN",
    timezoneId: "Asia/Shanghai",
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.on("pageerror", (error) => complaints.push(`script error: ${error.message}`));
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 40[13]/.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith("data:"))
      complaints.push(`left the origin: ${request.url()}`);
  });
  return page;
}

async function signIn(page, password) {
  await page.fill("input[autocomplete=username]", server.user);
  await page.fill("input[autocomplete=current-password]", password);
  await page.click("button[type=submit]");
}

const shot = (page, name) => page.screenshot({ path: `${shots}/${name}.png` });
// visibleText is what a reader sees of a part of the page.
const visibleText = async (page, part = "#root") => (await page.locator(part).allInnerTexts()).join("\n");
const settled = (page) => page.waitForTimeout(400); // motion ends

async function api(page, path) {
  const answer = await page.request.get(server.url + path);
  assert.equal(answer.status(), 200, `${path}: ${answer.status()} ${await answer.text()}`);
  return answer.json();
}

// send plays the authored events as a lender's system with an API key made for it.
async function send(page) {
  const { csrf } = await api(page, "/v1/session");
  const made = await page.request.post(`${server.url}/v1/keys`, {
    headers: { "X-CSRF-Token": csrf },
    data: { name: "e2e", scopes: ["events:write", "decisions:write"] },
  });
  assert.equal(made.status(), 201, await made.text());
  const { secret } = await made.json();
  for (const body of events) {
    const headers = { Authorization: `Bearer ${secret}`, "Content-Type": "application/cloudevents+json" };
    const answer = await fetch(`${server.url}/v1/decisions`, { method: "POST", headers, body });
    assert.ok(answer.ok || answer.status === 422, `${answer.status} ${await answer.text()}`);
  }
}

// followed lists every reason of the record that read a velocity value above zero.
async function followed(page) {
  const { items } = await api(page, "/v1/decisions?limit=200");
  const all = [];
  for (const { id } of items.filter((d) => d.reasons.length > 0)) {
    const detail = await api(page, `/v1/decisions/${id}`);
    for (const reason of detail.reasons)
      for (const value of reason.values ?? [])
        if (value.name.startsWith("velocity.") && value.value > 0) all.push({ detail, reason, value });
  }
  return all;
}

const desk = await open(1440, 900);
let all; // reasons with a velocity value
let found; // the one that is followed by hand

await check("nothing is shown without a sign-in, and a wrong password is refused", async () => {
  await desk.goto(`${server.url}/decisions?outcome=hold`);
  await signIn(desk, "not the password");
  await desk.locator("[role=alert]").waitFor();
  await shot(desk, "01-sign-in");
});

await check("the first administrator must replace the printed password", async () => {
  await signIn(desk, server.password);
  await desk.locator("input[autocomplete=new-password]").first().waitFor();
  await desk.fill("input[autocomplete=current-password]", server.password);
  for (const box of await desk.locator("input[autocomplete=new-password]").all()) await box.fill(OWN_PASSWORD);
  await shot(desk, "02-first-password");
  await desk.click("button[type=submit]");
  await desk.locator(".shell").waitFor();
  assert.match(desk.url(), /\/decisions\?outcome=hold$/, "the address survives the sign-in");
});

await check("an empty record says what to do next", async () => {
  await desk.goto(`${server.url}/decisions`);
  await desk.locator(".notice pre").waitFor();
  await shot(desk, "03-empty");
});

await check("the stream says that there is something new, and shows it on demand", async () => {
  await send(desk);
  await desk.locator(".new-items").waitFor();
  await desk.click(".new-items");
  await desk.locator(".row").first().waitFor();
  await settled(desk);
  await shot(desk, "04-decisions");
  all = await followed(desk);
  found = all.find(({ reason }) => reason.rule === "T1-DEVICE");
  assert.ok(found, "no application from a shared device was found");
});

await check("a filter stands in the address and survives a reload", async () => {
  await desk.locator(".outcome-tabs button[data-outcome=pass]").click();
  await desk.waitForURL(/outcome=pass/);
  await desk.reload();
  await desk.locator(".outcome-tabs button[data-outcome=pass][aria-selected=true]").waitFor();
  await desk.goto(`${server.url}/decisions`);
});

await check("a person is found by phone, and the number stays out of the address", async () => {
  const phone = JSON.parse(events.find((line) => JSON.parse(line).data.phone)).data.phone;
  await desk.fill(".filter-search input", phone);
  await desk.press(".filter-search input", "Enter");
  await desk.locator(".row").first().waitFor();
  await settled(desk);
  const { items } = await api(desk, `/v1/decisions?limit=200&q=${phone}`);
  assert.ok(items.length > 0 && items.length < 138, `${items.length} decisions have this phone`);
  assert.equal(await desk.locator(".row").count(), items.length);
  assert.ok(!desk.url().includes(phone), desk.url());
  assert.ok(!(await visibleText(desk)).includes(phone), "the full number is shown");
});

await check("a decision is found by its id and opened from the keyboard", async () => {
  await desk.fill(".filter-search input", found.detail.id);
  await desk.press(".filter-search input", "Enter");
  await desk.waitForURL(new RegExp(found.detail.id));
  await desk.locator(".row").first().waitFor();
  await desk.keyboard.press("j");
  await desk.locator(".row-at").waitFor();
  await desk.keyboard.press("Enter");
  await desk.locator(".reasons").waitFor();
  await settled(desk);
  await shot(desk, "05-decision");
});

await check("a reason leads to its rule, the rule to the values it read", async () => {
  await desk.locator(".reason", { hasText: found.reason.rule }).click();
  await desk.locator(".expression").waitFor();
  await settled(desk);
  assert.match(await visibleText(desk, ".rule"), new RegExp(found.value.name.replaceAll(".", "\\.")));
  await shot(desk, "06-rule");
});

await check("a velocity value leads to the events it counted", async () => {
  await desk.locator(`.rule button[data-value="${found.value.name}"]`).click();
  await desk.locator(".events tbody tr").first().waitFor();
  await settled(desk);
  const shown = await desk.locator(".events tbody tr").count();
  assert.ok(shown >= found.value.value, `${shown} events stand behind ${found.value.name} = ${found.value.value}`);
  await shot(desk, "07-events");
});

await check("behind every velocity value that a reason read there are events", async () => {
  const without = new Set();
  for (const { detail, value } of all) {
    const { items } = await api(desk, `/v1/decisions/${detail.id}/events?value=${value.name}`);
    if (items.length === 0) without.add(value.name);
  }
  assert.deepEqual([...without], []);
});

await check("an event leads to its own decision", async () => {
  await desk.locator(".events a[href^='/events/']").first().click();
  await desk.locator(".page-action").waitFor();
  await settled(desk);
  await shot(desk, "08-event");
  await desk.click("a.page-action");
  await desk.locator(".decision-head").waitFor();
});

await check("no personal value of the events is anywhere on these pages", async () => {
  const personal = events.flatMap((line) => {
    const { id_no, phone, bank_card } = JSON.parse(line).data;
    return [id_no, phone, bank_card].filter(Boolean);
  });
  const text = await visibleText(desk);
  assert.deepEqual(
    personal.filter((value) => text.includes(value)),
    [],
  );
});

await check("who may not release a hold is not offered to", async () => {
  await desk.goto(`${server.url}/holds`);
  await desk.locator(".row, .notice").first().waitFor();
  await shot(desk, "09-holds");
  if ((await desk.locator(".row").count()) === 0) return;
  await desk.locator(".row").first().click();
  await desk.locator(".hold").waitFor();
  assert.equal(await desk.locator(".hold button").count(), 0);
  await settled(desk);
  await shot(desk, "10-hold");
});

await check("the server decides again, and what was written is not lost", async () => {
  const session = await api(desk, "/v1/session");
  const permissions = [...session.permissions, "decisions:release"]; // claimed, not held
  await desk.route("**/v1/session", (route) => route.fulfill({ json: { ...session, permissions } }));
  await desk.goto(`${server.url}/decisions/${all.find(({ detail }) => detail.outcome === "hold").detail.id}`);
  await desk.locator(".hold button").click();
  await desk.fill("textarea", "已回拨客户本人核实");
  await desk.locator(".ant-modal-footer .ant-btn-primary").click();
  await desk.locator(".problem-line").waitFor();
  assert.equal(await desk.inputValue("textarea"), "已回拨客户本人核实");
  await settled(desk);
  await shot(desk, "11-refused");
  await desk.unroute("**/v1/session");
});

await check("English is complete", async () => {
  await desk.goto(`${server.url}/decisions/${found.detail.id}`);
  await desk.locator(".reason").first().click();
  await desk.getByRole("button", { name: "Switch to English" }).click();
  await desk.locator(".rule, .reason").first().waitFor();
  await settled(desk);
  const chrome = await desk.locator(".shell-side, .shell-top, .panel > h2, .facts dt").allInnerTexts();
  const left = chrome.filter((text) => /\p{Script=Han}/u.test(text.replace(/清源|中文/g, "")));
  assert.deepEqual(left, []);
  await shot(desk, "12-english");
});

await check("the palette opens a decision by its id", async () => {
  await desk.keyboard.press("Control+k");
  await desk.keyboard.type(found.detail.id);
  await desk.locator(".palette-item").first().waitFor();
  await shot(desk, "13-palette");
  await desk.keyboard.press("Enter");
  await desk.locator(".decision-head").waitFor();
});

const phone = await open(390, 844, "dark");

await check("on a phone, in the dark, the same path can be walked", async () => {
  await phone.goto(`${server.url}/decisions`);
  await signIn(phone, OWN_PASSWORD);
  await phone.locator(".card").first().waitFor();
  await settled(phone);
  await shot(phone, "21-phone-decisions");
  await phone.goto(`${server.url}/decisions/${found.detail.id}`);
  await phone.locator(".reason", { hasText: found.reason.rule }).click();
  await phone.locator(".expression").waitFor();
  await settled(phone);
  await shot(phone, "22-phone-rule");
  await phone.locator(`.rule button[data-value="${found.value.name}"]`).click();
  await phone.locator(".events tbody tr").first().waitFor();
  await settled(phone);
  await shot(phone, "23-phone-events");
  const wide = await phone.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  assert.ok(!wide, "the page is wider than the phone");
});

await check("signing out ends the session", async () => {
  await phone.goto(`${server.url}/decisions`);
  await phone.locator(".shell-user").click();
  await phone.locator(".ant-dropdown-menu-item", { hasText: /退出|Sign out/ }).click();
  await phone.locator("input[autocomplete=current-password]").waitFor();
  assert.equal((await phone.request.get(`${server.url}/v1/session`)).status(), 401);
});

await check("the browser had nothing to complain of", () => assert.deepEqual(complaints, []));

await browser.close();
await server.stop();
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

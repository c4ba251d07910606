// A rule is changed as a lender changes one, in a browser against the real binary: a strategist makes an error and sees its
// line, mends it, looks at what the change does to the record, and publishes; only a second person makes it decide; the
// decision changes; it is rolled back. Beside it lists, snoozes, approvals and the overview.
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
const PASSWORD = "correct horse of the e2e stable";
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
    if (message.type() === "error" && !/status of 4(01|03|22)/.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith("data:"))
      complaints.push(`left the origin: ${request.url()}`);
  });
  return page;
}

// signIn goes through the first password where there is one.
async function signIn(page, name, password, path = "/overview") {
  await page.goto(server.url + path);
  await page.fill("input[autocomplete=username]", name);
  await page.fill("input[autocomplete=current-password]", password);
  await page.click("button[type=submit]");
  if (password !== PASSWORD) {
    await page.locator("input[autocomplete=new-password]").first().waitFor();
    await page.fill("input[autocomplete=current-password]", password);
    for (const box of await page.locator("input[autocomplete=new-password]").all()) await box.fill(PASSWORD);
    await page.click("button[type=submit]");
  }
  await page.locator(".shell").waitFor();
}

const shot = (page, name) => page.screenshot({ path: `${shots}/${name}.png` });
const settled = (page) => page.waitForTimeout(350); // motion ends
const visible = async (page, part) => (await page.locator(part).allInnerTexts()).join("\n");

async function api(page, path, method = "GET", data = undefined) {
  const { csrf } = await (await page.request.get(`${server.url}/v1/session`)).json();
  const answer = await page.request.fetch(server.url + path, { method, data, headers: { "X-CSRF-Token": csrf } });
  assert.ok(answer.ok(), `${path}: ${answer.status()} ${await answer.text()}`);
  return answer.status() === 204 ? undefined : answer.json();
}

let secret; // of the lender's system
let sent = 0;

// decide sends an event as the lender's system and gives the decision.
async function decide(body) {
  const headers = { Authorization: `Bearer ${secret}`, "Content-Type": "application/cloudevents+json" };
  const answer = await fetch(`${server.url}/v1/decisions`, { method: "POST", headers, body });
  const made = await answer.json();
  assert.ok(answer.ok || answer.status === 422, `${answer.status} ${JSON.stringify(made)}`);
  return made;
}

// applicant is an application of somebody new, by whom the record is not asked: only what it says itself can matter.
function applicant() {
  sent++;
  const event = JSON.parse(events.find((line) => JSON.parse(line).type.includes("application.submitted")));
  const number = String(sent).padStart(4, "0");
  event.id = `e2e-${number}`;
  event.time = new Date().toISOString();
  event.data = { customer_no: `E2E${number}`, amount: 2_000_000, fill_seconds: 60, application_no: `E2E-A-${number}` };
  return JSON.stringify(event);
}

const admin = await open(1440, 900);
const analyst = await open(1440, 900);
const lead = await open(1440, 900);

await check("an administrator makes two accounts and a key", async () => {
  await signIn(admin, server.user, server.password);
  const made = [];
  for (const [name, role] of [
    ["李分析", "analyst"],
    ["王组长", "taskforce_lead"],
  ])
    made.push(await api(admin, "/v1/accounts", "POST", { name, role }));
  const scopes = ["events:write", "decisions:write", "decisions:read"];
  ({ secret } = await api(admin, "/v1/keys", "POST", { name: "e2e", scopes }));
  for (const body of events) await decide(body);
  await signIn(analyst, made[0].name, made[0].password);
  await signIn(lead, made[1].name, made[1].password, "/approvals");
});

await check("the overview shows what was decided and what waits", async () => {
  await analyst.locator(".today .figure").first().waitFor();
  await analyst.locator(".ranked li").first().waitFor();
  await analyst.locator(".ant-segmented-item", { hasText: "90" }).click();
  await analyst.waitForURL(/days=90/);
  await settled(analyst);
  assert.equal(await analyst.locator(".today .figure").count(), 6);
  await shot(analyst, "41-overview");
});

await check("who may not change rules is not offered to publish", async () => {
  await admin.goto(`${server.url}/rules/edit`);
  await admin.locator(".cm-line").first().waitFor();
  assert.equal(await admin.locator(".editor-actions .ant-btn-primary").count(), 0);
});

await check("every rule of the live version is found by name, with its condition and its hits", async () => {
  await analyst.goto(`${server.url}/rules`);
  await analyst.locator(".row").first().waitFor();
  const all = await analyst.locator(".row").count();
  await analyst.keyboard.press("/");
  await analyst.keyboard.type("设备");
  await analyst.waitForURL(/q=/);
  const some = await analyst.locator(".row").count();
  assert.ok(some > 0 && some < all, `${some} of ${all} rules`);
  await shot(analyst, "42-rules");
  await analyst.locator(".row", { hasText: "T1-DEVICE" }).first().click();
  await analyst.locator(".rule-detail .expression").waitFor();
  await settled(analyst);
  await shot(analyst, "43-rule");
});

const before = await decide(applicant());
const text = (await api(analyst, "/v1/rulesets/live")).text;
const rule = `  - id: T1-E2E-FAST
    title: {zh: 极快填完进件, en: Filled in very fast}
    on: application.submitted
    typology: T1
    family: behaviour
    when: 'event.fill_seconds < 120 && event.amount >= 1000000'
    weight: 45
    reason: {zh: "{event.fill_seconds} 秒填完", en: "Filled in within {event.fill_seconds} s"}
    source: authored for a test
    false_positive: practised applicants
`;
const editor = analyst.locator(".cm-content");

// write puts text at the end of the document, as if pasted.
async function write(lines) {
  await editor.click();
  await analyst.keyboard.press("Control+End");
  await analyst.keyboard.insertText(lines);
}

await check("an error in the draft is shown with its line, and nothing can be published", async () => {
  await analyst.goto(`${server.url}/rules/edit`);
  await analyst.locator(".cm-line").first().waitFor();
  await write(rule.replace("event.fill_seconds < 120", "event.fil_seconds < 120"));
  await analyst.locator(".problems button").first().waitFor();
  const lines = text.split("\n").length - 1; // the text ends with a line break
  const wrong = lines + rule.split("\n").findIndex((line) => line.includes("when:")) + 1;
  assert.match(await visible(analyst, ".problems"), new RegExp(`第 ${wrong} 行`));
  assert.match(await visible(analyst, ".problems"), /fil_seconds/);
  assert.ok(await analyst.locator(".editor-actions .ant-btn-primary").isDisabled());
  await analyst.locator(".problems button").first().click();
  await analyst.locator(".code-problem.cm-activeLine").waitFor();
  assert.match(await visible(analyst, ".code-problem"), /fil_seconds/);
  await shot(analyst, "44-editor-error");
});

await check("a draft survives a reload, and the error is mended", async () => {
  await analyst.reload();
  await analyst.locator(".problems button").first().click();
  await analyst.keyboard.press("Control+f");
  await analyst.locator(".cm-panel input[name=search]").waitFor();
  await analyst.keyboard.type("event.fil_seconds");
  await analyst.keyboard.press("Enter");
  await analyst.keyboard.press("Escape");
  await analyst.keyboard.type("event.fill_seconds");
  await analyst.locator(".editor-state[data-state=ok]").waitFor();
  assert.equal(await analyst.locator(".code-problem").count(), 0);
});

await check("the difference names the rule, with its condition and weight", async () => {
  const added = analyst.locator(".diff-item[data-sort=added]");
  await added.waitFor();
  assert.equal(await analyst.locator(".diff-item").count(), 1);
  assert.match(
    await visible(analyst, ".diff-item"),
    /极快填完进件[\s\S]*T1-E2E-FAST[\s\S]*\+45[\s\S]*event\.fill_seconds < 120/,
  );
  await shot(analyst, "45-editor-diff");
});

await check("a backtest of the draft says whom it would catch, miss and hurt", async () => {
  await analyst.locator(".editor-side .ant-tabs-tab", { hasText: "回测" }).click();
  await analyst.locator(".editor-backtest > .ant-btn").click();
  const customer = JSON.parse(events.find((line) => JSON.parse(line).data.customer_no)).data.customer_no;
  const labels = `customer_no,population,typology\n${customer},honest,\nE2E0001,agent,T1\n`;
  await analyst.setInputFiles("input[type=file]", {
    name: "closed.csv",
    mimeType: "text/csv",
    buffer: Buffer.from(labels),
  });
  await analyst.locator(".label-file").waitFor();
  await analyst.locator(".ant-modal-footer .ant-btn-primary").click();
  await analyst.locator(".editor-backtest .verdict").waitFor({ timeout: 60_000 });
  await settled(analyst);
  await shot(analyst, "46-editor-backtest");
  await analyst.locator(".editor-backtest a", { hasText: "完整报告" }).click();
  await analyst.locator(".report .verdict").waitFor();
  const report = await visible(analyst, ".report");
  for (const word of ["抓住", "漏掉", "误伤", "每天提示", "困难客户被拦停", "按人群和类型", "T1-E2E-FAST"])
    assert.ok(report.includes(word), `the report does not say ${word}`);
  const caught = await visible(analyst, ".verdict .figure:first-child");
  assert.match(caught, /1[\s\S]*\+1[\s\S]*现行 0/);
  await settled(analyst);
  await shot(analyst, "47-report");
});

let version; // of the ruleset that is published

await check("the draft is published, and decides nothing yet", async () => {
  await analyst.goto(`${server.url}/rules/edit`);
  await analyst.locator(".editor-actions .ant-btn-primary:enabled").click();
  await analyst.locator(".ant-modal-footer .ant-btn-primary").click();
  await analyst.waitForURL(/\/rules\/default\/\d+/);
  version = Number(/\/rules\/default\/(\d+)/.exec(analyst.url())[1]);
  await analyst.locator(".diff-item").waitFor();
  assert.equal((await decide(applicant())).outcome, before.outcome);
  await settled(analyst);
  await shot(analyst, "48-version");
});

// stage asks on the version's page for what the button says, with a reason.
async function stage(page, button, reason) {
  await page.locator(".version-actions .ant-btn", { hasText: button }).click();
  await page.fill(".ant-modal textarea", reason);
  await page.locator(".ant-modal-footer .ant-btn-primary").click();
  await page.locator(".ant-modal").waitFor({ state: "detached" });
}

await check("in shadow it is compared with what is decided, and changes no outcome", async () => {
  await stage(analyst, "影子运行", "先影子运行一天");
  await analyst.locator(".version-head .stage[data-stage=shadow]").waitFor();
  const decision = await decide(applicant());
  assert.equal(decision.outcome, before.outcome);
  await analyst.locator(".ant-tabs-tab", { hasText: "影子对比" }).click();
  await analyst.reload();
  await analyst.locator(".matrix td[data-way=sterner]").first().waitFor();
  await shot(analyst, "49-shadow");
});

await check("its author asks for it to go live, and cannot sign", async () => {
  await stage(analyst, "上线", "回测多抓一例中介，无人误伤");
  await analyst.locator(".sign-offs li[data-state=pending]").waitFor();
  assert.equal(await analyst.locator(".sign-offs .ant-btn-primary").count(), 0);
  assert.equal((await decide(applicant())).outcome, before.outcome);
  const { items } = await api(analyst, "/v1/approvals?state=pending");
  const { csrf } = await api(analyst, "/v1/session");
  const own = await analyst.request.post(`${server.url}/v1/approvals/${items[0].id}/approve`, {
    headers: { "X-CSRF-Token": csrf },
    data: {},
  });
  assert.equal(own.status(), 403, "the server lets the author sign");
});

await check("a second person sees what changes, and signs", async () => {
  await lead.reload();
  await lead.locator(".request").first().waitFor();
  await lead.locator(".diff-item[data-sort=added]").waitFor();
  assert.match(await visible(lead, ".inbox"), /李分析[\s\S]*极快填完进件/);
  await settled(lead);
  await shot(lead, "50-approval");
  await lead.keyboard.press("a");
  await lead.fill(".ant-modal textarea", "已看回测");
  await lead.locator(".ant-modal-footer .ant-btn-primary").click();
  await lead.locator(".ant-modal").waitFor({ state: "detached" });
  await lead.goto(`${server.url}/rules/default/${version}`);
  await lead.locator(".version-head .stage[data-stage=live]").waitFor();
  await shot(lead, "51-live");
});

await check("the decision changes, and says why", async () => {
  const after = await decide(applicant());
  assert.notEqual(after.outcome, before.outcome);
  assert.ok(after.reasons.some((r) => r.rule === "T1-E2E-FAST"));
  await analyst.goto(`${server.url}/decisions/${after.id}`);
  await analyst.locator(".reason", { hasText: "60 秒填完" }).waitFor();
});

await check("the version before is made live again, and decisions are as they were", async () => {
  await lead.goto(`${server.url}/rules/default/${version - 1}`);
  await stage(lead, "回滚到此版本", "新规则误伤熟练客户");
  await lead.locator(".version-head .stage[data-stage=live]").waitFor();
  const back = await decide(applicant());
  assert.equal(back.outcome, before.outcome);
  assert.equal(back.ruleset.version, version - 1);
  await settled(lead);
  await shot(lead, "52-rolled-back");
});

await check("whom a list entry would concern is seen before it is asked for, and by who signs", async () => {
  await analyst.goto(`${server.url}/lists`);
  await analyst.locator("a[href$='/lists/agent_phones']").click();
  await analyst.locator(".page-action .ant-btn-primary").click();
  const phone = JSON.parse(events.find((line) => JSON.parse(line).data.phone)).data.phone;
  await analyst.locator(".ant-drawer textarea").first().fill(phone);
  await analyst.locator(".ant-drawer textarea").nth(1).fill("专项组核实的中介电话");
  assert.ok(await analyst.locator(".drawer-foot .ant-btn").last().isDisabled());
  await analyst.locator(".drawer-foot .ant-btn").first().click();
  await analyst.locator(".impact .figure").first().waitFor();
  await settled(analyst);
  await shot(analyst, "53-list-preview");
  if (await analyst.locator(".add-known").count()) await analyst.locator(".add-known input").check();
  await analyst.locator(".drawer-foot .ant-btn").last().click();
  await analyst.locator(".drawer-foot").waitFor({ state: "detached" });
  assert.equal(await analyst.locator(".ant-table-row").count(), 0, "it took effect unsigned");
  await lead.goto(`${server.url}/approvals`);
  await lead.locator(".impact .figure").first().waitFor();
  assert.ok(!(await visible(lead, "#root")).includes(phone), "the number is shown");
  await shot(lead, "54-list-approval");
  await lead.locator(".votes .ant-btn-primary").click();
  await lead.locator(".ant-modal-footer .ant-btn-primary").click();
  await lead.locator(".ant-modal").waitFor({ state: "detached" });
  await analyst.reload();
  await analyst.locator(".ant-table-row").waitFor();
  await analyst.fill(".filter-search input", phone);
  await analyst.keyboard.press("Enter");
  await analyst.locator(".ant-table-row").waitFor();
  assert.ok(!analyst.url().includes(phone), analyst.url());
});

await check("a change of a list is taken back as a whole", async () => {
  await analyst.locator(".ant-tabs-tab", { hasText: "变更记录" }).click();
  await analyst.locator(".sign-offs .ant-btn").first().click();
  await analyst.fill(".ant-modal textarea", "号码录错");
  await analyst.locator(".ant-modal-footer .ant-btn-primary").click();
  await analyst.locator(".ant-modal").waitFor({ state: "detached" });
  await analyst.locator(".sign-offs li").nth(1).waitFor();
  await analyst.locator(".ant-tabs-tab", { hasText: "条目" }).click();
  await analyst.locator(".nothing").waitFor();
});

await check("a rule is snoozed by two people and wakes when one of them says so", async () => {
  await analyst.goto(`${server.url}/rules?rule=T1-DEVICE`);
  await analyst.locator(".rule-actions .ant-btn", { hasText: "申请暂停" }).click();
  await analyst.fill(".ant-modal textarea", "渠道改造，设备号不可用");
  await analyst.locator(".ant-modal-footer .ant-btn-primary").click();
  await analyst.locator(".ant-modal").waitFor({ state: "detached" });
  await lead.goto(`${server.url}/approvals`);
  await lead.locator(".votes .ant-btn-primary").click();
  await lead.locator(".ant-modal-footer .ant-btn-primary").click();
  await lead.locator(".ant-modal").waitFor({ state: "detached" });
  await analyst.goto(`${server.url}/snoozes`);
  await analyst.locator(".ant-table-row", { hasText: "T1-DEVICE" }).waitFor();
  await shot(analyst, "55-snoozes");
  await analyst.locator(".ant-table-row .ant-btn").click();
  await analyst.locator(".ant-popconfirm .ant-btn-primary").click();
  await analyst.locator(".nothing").waitFor();
});

await check("English is complete on every page of rules", async () => {
  await analyst.getByRole("button", { name: "Switch to English" }).click();
  for (const path of [
    "/overview",
    "/rules",
    "/rules?view=velocities",
    "/rules/edit",
    "/backtests",
    "/snoozes",
    "/lists",
    "/models",
    "/approvals",
  ]) {
    await analyst.goto(server.url + path);
    await analyst.locator("h1").first().waitFor();
    await settled(analyst);
    const chrome = await visible(
      analyst,
      ".shell-side, .shell-top, h1, h2, th, .ant-tabs-tab, .ant-btn, .figure dt, .page-head",
    );
    const left = chrome.replace(/清源|中文|李(分析)?/g, "").match(/\p{Script=Han}+/gu);
    assert.equal(left, null, `${path}: ${left}`);
  }
  await shot(analyst, "56-english");
});

await check("on a phone, in the dark, every page fits", async () => {
  const phone = await open(390, 844, "dark");
  await signIn(phone, "王组长", PASSWORD);
  const pages = [
    "/overview",
    "/rules",
    `/rules/default/${version}`,
    "/rules/edit",
    "/backtests",
    "/lists",
    "/lists/agent_phones",
    "/models",
    "/approvals",
    "/snoozes",
  ];
  for (const [i, path] of pages.entries()) {
    await phone.goto(server.url + path);
    await phone.locator("h1").first().waitFor();
    await settled(phone);
    const wide = await phone.evaluate(() => {
      const main = document.querySelector("main");
      return document.documentElement.scrollWidth > window.innerWidth || main.scrollWidth > main.clientWidth;
    });
    assert.ok(!wide, `${path} is wider than the phone`);
    await shot(phone, `6${i}-phone`);
  }
});

await check("the browser had nothing to complain of", () => assert.deepEqual(complaints, []));

await browser.close();
await server.stop();
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

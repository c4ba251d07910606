// A phone's browser against the public check: the real binary, no scripts allowed by its policy, in Chinese and in English.
//
//   QINGYUAN_BIN  the binary; ../bin/qingyuan where empty
//   CHROMIUM      the browser; /usr/bin/chromium where empty
//   SHOTS         where screenshots go; e2e/shots where empty
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { startCheck } from "./server.mjs";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const shots = process.env.SHOTS ?? here("shots");
const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"];
const quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync"];

// Authored for this test.
const ADVERT = "欠网贷、信用卡逾期的看过来！专业停息挂账、债务优化，不成功退全款，先付定金，➕薇 abc12345";
const WARNING = "警方提醒：谨防“征信修复”骗局，不要轻信停息挂账，请拨打 96110。";
const ORDINARY = "今天下午三点在二楼会议室开会，请带上上个月的报表。";
const PARAPHRASE = "每个月工资全填进卡里还不够？把账单发来，我们有老师一对一替你跟银行谈，谈成再给钱，名额不多。";
const AGREEMENT = `债务委托服务协议
第一条 乙方为甲方提供债务优化、停息挂账协商等服务。
第二条 甲方按减免金额的30%支付服务费，转入乙方经理个人账户。
第三条 甲方应将名下电话卡、银行卡交由乙方保管，不得自行联系银行。`;

mkdirSync(shots, { recursive: true });
const server = await startCheck(process.env.QINGYUAN_BIN ?? here("../../bin/qingyuan"));
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [...flags, ...quiet],
});
const complaints = []; // of the browser: policy violations, requests to other origins
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

async function open(colorScheme) {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    colorScheme,
    javaScriptEnabled: false,
    hasTouch: true,
    isMobile: true,
  });
  context.setDefaultTimeout(15_000);
  const page = await context.newPage();
  page.on("console", (message) => {
    if (message.type() === "error" && !/status of 4(13|22|29)/.test(message.text())) complaints.push(message.text());
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(server.url) && !request.url().startsWith("data:"))
      complaints.push(`left the origin: ${request.url()}`);
  });
  return page;
}

async function paste(page, lang, text) {
  await page.goto(`${server.url}/?lang=${lang}`);
  await page.fill("textarea", text);
  await page.click("button[type=submit]");
  await page.locator(".answer, .refused").first().waitFor();
}

// fits fails where the page is wider than the phone, or something to touch is too small.
async function fits(page) {
  const wide = (await page.locator("html").boundingBox()).width;
  assert.ok(wide <= 390, `the page is ${wide} px wide`);
  for (const part of await page.locator("main section").all()) {
    const box = await part.boundingBox();
    assert.ok(box.x >= 0 && box.x + box.width <= 390, `a part reaches from ${box.x} over ${box.width} px`);
  }
  for (const part of await page.locator("button, .call, .again, .other").all()) {
    const box = await part.boundingBox();
    assert.ok(box.height >= 40, `${await part.textContent()} is ${box.height} px high`);
  }
}

const shot = (page, name) => page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
const textOf = (page, part) => page.locator(part).allInnerTexts();

const phone = await open("light");

await check("the page asks for one thing, in Chinese first", async () => {
  await phone.goto(server.url);
  assert.equal(await phone.locator("html").getAttribute("lang"), "zh-CN");
  assert.equal(await phone.locator("textarea").count(), 1);
  await fits(phone);
  await shot(phone, "31-check-zh");
});

await check("an advertisement is marked where it stands, and explained", async () => {
  await paste(phone, "zh", ADVERT);
  await phone.locator(".answer.risk").waitFor();
  const marks = await textOf(phone, "mark.risk");
  assert.ok(marks.includes("停息挂账") && marks.includes("债务优化"), marks.join(" "));
  assert.equal(await phone.locator(".text").textContent(), ADVERT);
  for (const finding of await phone.locator(".findings > li").all()) {
    assert.match(await finding.textContent(), /含义[\s\S]+怎么办/);
  }
  await fits(phone);
  await shot(phone, "32-check-advert-zh");
});

await check("the lender's own hotline comes first, then the official ones, ready to dial", async () => {
  const numbers = [];
  for (const call of await phone.locator(".call").all()) numbers.push(await call.getAttribute("href"));
  assert.deepEqual(numbers.slice(0, 3), ["tel:95000", "tel:96110", "tel:12378"]);
});

await check("a mark leads to its explanation, without a script", async () => {
  await phone.locator(".ref").first().click();
  assert.match(phone.url(), /#f[0-9]+$/);
});

await check("an agreement is read clause by clause; the traits are named", async () => {
  await paste(phone, "zh", AGREEMENT);
  await phone.locator(".answer.risk").waitFor();
  assert.equal(await phone.locator(".traits .met").count(), 3);
  assert.match((await textOf(phone, ".findings")).join(), /依据/);
  await fits(phone);
  await shot(phone, "33-check-agreement-zh");
});

await check("an advertisement in words of its own is recognised as a whole", async () => {
  await paste(phone, "zh", PARAPHRASE);
  await phone.locator(".answer.notice").waitFor();
  assert.match((await textOf(phone, ".findings")).join(), /整段读起来像/);
});

await check("nothing is kept without consent; with it, the report is taken and nothing of the sender", async () => {
  assert.equal(server.reports(), "");
  await phone.locator("details.report summary").click();
  await phone.locator("details.report input[type=checkbox]").evaluate((box) => box.removeAttribute("required"));
  await phone.click("details.report button");
  await phone.locator(".refused").waitFor();
  assert.match((await textOf(phone, ".refused")).join(), /什么都没有保存/);
  assert.equal(server.reports(), "");
  await paste(phone, "zh", PARAPHRASE);
  await phone.locator("details.report summary").click();
  assert.match((await textOf(phone, "details.report")).join(), /不保存我的网络地址/);
  await fits(phone);
  await shot(phone, "40-check-report-zh");
  await phone.check("details.report input[type=checkbox]");
  await phone.click("details.report button");
  await phone.locator(".reported").waitFor();
  const report = JSON.parse(server.reports());
  assert.equal(report.text, PARAPHRASE);
  assert.deepEqual(Object.keys(report).sort(), ["at", "consent", "id", "lang", "level", "text"]);
});

await check("a warning is not taken for what it warns of", async () => {
  await paste(phone, "zh", WARNING);
  await phone.locator(".answer.quoted").waitFor();
  await shot(phone, "34-check-warning-zh");
});

await check("nothing found is no assurance", async () => {
  await paste(phone, "zh", ORDINARY);
  await phone.locator(".answer.nothing").waitFor();
  assert.match((await textOf(phone, ".answer")).join(), /不等于安全/);
  await shot(phone, "35-check-nothing-zh");
});

const night = await open("dark");

await check("English is complete, but for what was pasted and the terms themselves", async () => {
  await night.goto(server.url);
  await night.click(".other");
  await night.locator("html[lang=en]").waitFor();
  const form = (await textOf(night, "body")).join().replace("中文", "");
  assert.doesNotMatch(form, /\p{Script=Han}/u);
  await shot(night, "36-check-en");
  await night.fill("textarea", AGREEMENT);
  await night.click("button[type=submit]");
  await night.locator(".answer.risk").waitFor();
  const said = (
    await textOf(night, ".answer, .traits strong, .traits p:not(:has(q)), .channels, .findings dt, footer, h2")
  ).join();
  assert.doesNotMatch(said, /\p{Script=Han}/u);
  await fits(night);
  await shot(night, "37-check-agreement-en");
  await night.locator("details.report summary").click();
  const report = (
    await textOf(night, "details.report summary, details.report p, details.report label, details.report button")
  ).join();
  assert.doesNotMatch(report, /\p{Script=Han}/u);
  assert.match(report, /I agree/);
});

await check("nothing to check, and a file that cannot be read, are said kindly", async () => {
  await paste(night, "en", " ");
  await night.locator(".refused").waitFor();
  await night.setInputFiles("input[type=file]", {
    name: "photo.pdf",
    mimeType: "application/pdf",
    buffer: Buffer.from("no PDF \0"),
  });
  await night.click("button[type=submit]");
  assert.match((await textOf(night, ".refused")).join(), /No text can be read/);
  await shot(night, "38-check-refused-en");
});

await check("a text beyond the limit is refused with 413", async () => {
  const body = JSON.stringify({ text: "a".repeat(200_000) });
  const headers = { "Content-Type": "application/json" };
  assert.equal((await fetch(`${server.url}/check`, { method: "POST", headers, body })).status, 413);
});

await check("a flood is sent away with 429, and told when to return", async () => {
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ text: ORDINARY });
  let answer;
  for (let n = 0; n < 60 && answer?.status !== 429; n++) {
    const forged = { ...headers, "X-Forwarded-For": `192.0.2.${n}` }; // must not help
    answer = await fetch(`${server.url}/check`, { method: "POST", headers: forged, body });
  }
  assert.equal(answer.status, 429);
  assert.ok(Number(answer.headers.get("Retry-After")) >= 1);
  await paste(night, "zh", ORDINARY);
  assert.match((await textOf(night, ".refused")).join(), /稍候再试/);
  await shot(night, "39-check-flood-zh");
});

await check("nothing of what was pasted is in the log", () => {
  assert.doesNotMatch(server.log(), /停息|电话卡|abc12345|会议室/);
});

await check("the browser had nothing to complain of", () => assert.deepEqual(complaints, []));

await browser.close();
await server.stop();
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;

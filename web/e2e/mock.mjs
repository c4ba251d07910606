// A stand-in for the server: invented decisions of an invented lender, for working on the console without a lender's
// record. `npm run mock` serves it at http://127.0.0.1:8080 with the built console; `npm run dev` beside it gives hot
// reloading. Sign in as admin with any password but "wrong".
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../dist", import.meta.url));

// A small generator with a seed, so that two runs show the same lender.
let state = 20260301;
const random = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const pick = (list) => list[Math.floor(random() * list.length)];
const digits = (n) => Array.from({ length: n }, () => Math.floor(random() * 10)).join("");
const id = (prefix) =>
  `${prefix}_06ek${Array.from({ length: 22 }, () => pick([..."0123456789abcdefghjkmnpqrstvwxyz"])).join("")}`;

const rule = (id, typology, family, weight, zh, en, when, more = {}) => ({
  id,
  typology,
  family,
  weight,
  polarity: weight < 0 ? "hardship" : "suspicion",
  title: { zh: zh[0], en: en[0] },
  reason: { zh: zh[1], en: en[1] },
  when,
  on: ["application.submitted"],
  source: "演示规则 / demonstration rule",
  ...more,
});

const rules = [
  rule(
    "t1_device_many_persons",
    "T1",
    "link",
    35,
    ["一机多人进件", "同一设备 7 天内有 6 人进件，超过 3 人"],
    ["One device, many applicants", "6 people applied from this device within 7 days; more than 3"],
    "velocity.device_persons_7d > param.device_persons_max\n  && event.device_id != null",
    { source: "公开案例：同一设备批量进件，中介代操作" },
  ),
  rule(
    "t1_contact_shared",
    "T1",
    "link",
    25,
    ["联系人被多人共用", "联系人电话出现在 5 份互不相关的进件中"],
    ["Contact shared by many", "The contact's phone appears in 5 unrelated applications"],
    "velocity.contact_persons_30d >= 4",
  ),
  rule(
    "t1_fill_too_fast",
    "T1",
    "behaviour",
    10,
    ["填写过快", "进件表 19 秒填完，远快于常人"],
    ["Form filled too fast", "The form was filled in 19 seconds"],
    "event.fill_seconds < 30",
  ),
  rule(
    "t1_employer_cluster",
    "T1",
    "link",
    20,
    ["同一单位集中进件", "同一工作单位 24 小时内有 9 份进件"],
    ["Employer cluster", "9 applications named this employer within 24 hours"],
    "velocity.employer_applications_24h > 5",
  ),
  rule(
    "t3_contact_many_complainants",
    "T3",
    "link",
    40,
    ["同一联系方式代多人投诉", "投诉联系电话 30 天内用于 8 名不同客户"],
    ["One contact, many complainants", "This contact phone served 8 different customers within 30 days"],
    "velocity.contact_complainants_30d >= 3",
    { on: ["complaint.received"], outcome: "review" },
  ),
  rule(
    "t3_call_forwarding_on",
    "T3",
    "behaviour",
    15,
    ["已开通呼叫转移", "客户手机号已开通呼叫转移，可能由他人代接"],
    ["Call forwarding is on", "The customer's phone forwards calls; somebody else may answer"],
    "event.call_forwarding.state == 'on'",
  ),
  rule(
    "t5_near_limit_night",
    "T5",
    "behaviour",
    30,
    ["夜间贴近额度消费", "凌晨单笔消费达到剩余额度的 98%"],
    ["Near the limit at night", "One purchase at night took 98 % of the remaining limit"],
    "event.amount > 0.95 * (event.credit_limit - event.balance_before)\n  && local_hour(event) < 6",
    { on: ["card.transaction"] },
  ),
  rule(
    "t5_terminal_many_cards",
    "T5",
    "link",
    30,
    ["同一终端多卡大额", "该终端 24 小时内有 14 张卡大额交易"],
    ["Terminal with many large cards", "14 cards made large purchases at this terminal within 24 hours"],
    "velocity.terminal_cards_24h > 8",
    { on: ["card.transaction"], outcome: "hold" },
  ),
  rule(
    "t2_cash_out_before_stop",
    "T2",
    "behaviour",
    20,
    ["停还前集中支用", "停止还款前 10 天内支用 46,000 元"],
    ["Drawn just before stopping", "46,000 yuan were drawn in the 10 days before repayment stopped"],
    "velocity.drawn_10d > 30000_00",
    { on: ["repayment.posted"] },
  ),
  rule(
    "h_partial_payments",
    undefined,
    "behaviour",
    -20,
    ["逾期前收入下降、仍部分还款", "近 90 天有 3 次部分还款，符合真实困难"],
    ["Partial payments continued", "3 partial payments within 90 days: consistent with real hardship"],
    "velocity.partial_payments_90d >= 2",
    { on: ["repayment.posted", "complaint.received"] },
  ),
];
const velocities = [
  ["device_persons_7d", ["application.submitted"], "device", "distinct", "person", "7d"],
  ["contact_persons_30d", ["application.submitted"], "phone:contact", "distinct", "person", "30d"],
  ["employer_applications_24h", ["application.submitted"], "employer", "count", undefined, "24h"],
  ["contact_complainants_30d", ["complaint.received"], "phone", "distinct", "person", "30d"],
  ["terminal_cards_24h", ["card.transaction"], "terminal", "distinct", "bank_card", "24h"],
  ["drawn_10d", ["loan.drawn"], "person", "sum", "amount", "10d"],
  ["partial_payments_90d", ["repayment.posted"], "person", "count", undefined, "90d"],
].map(([vid, on, key, agg, of, window]) => ({ id: vid, on, key, agg, of, window, current: "include" }));
const thresholds = [
  { outcome: "review", score: 20 },
  { outcome: "warn", score: 40 },
  { outcome: "challenge", score: 60 },
  { outcome: "reject", score: 90 },
];
const ruleset = {
  id: "starter",
  version: 3,
  title: { zh: "起步规则集", en: "Starter ruleset" },
  rules,
  velocities,
  thresholds,
};

const surnames = [..."王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"];
const kinds = [
  "application.submitted",
  "application.submitted",
  "application.submitted",
  "card.transaction",
  "complaint.received",
  "repayment.posted",
  "account.login",
  "loan.drawn",
];

function outcomeOf(score, fired) {
  const asked = fired.find((r) => r.outcome === "hold") ? "hold" : undefined;
  const reached = thresholds.filter((t) => score >= t.score).at(-1)?.outcome ?? "pass";
  return asked && reached !== "reject" ? asked : reached;
}

function dataOf(kind, subject) {
  const base = { customer_no: subject.customer_no, id_no: subject.id_no, name: subject.name, phone: subject.phone };
  const from = { device_id: "a41f****9c", ip: "113.87.***.***", os: "android" };
  if (kind === "application.submitted")
    return {
      ...base,
      product: "现金分期",
      channel: "broker",
      amount: 5000000,
      term_months: 36,
      fill_seconds: 19,
      employer: { name: "深圳****商贸有限公司", phone: "0755-****31" },
      contacts: [{ name: "李**", phone: "138****7781", relation: "friend" }],
      ...from,
    };
  if (kind === "card.transaction")
    return {
      ...base,
      card: "6225****3391",
      type: "purchase",
      amount: 2998000,
      merchant_name: "****五金店",
      mcc: "5072",
      terminal_id: "T00391",
      credit_limit: 3000000,
      ...from,
    };
  if (kind === "complaint.received")
    return {
      ...base,
      channel: "regulator",
      contact_phone: "159****2210",
      demands: ["stop_interest", "long_instalments"],
      text: { author: "customer", text: "（原文已加密，查看需授权）" },
    };
  return { ...base, amount: 120000, ...from };
}

function makeDecision(seq, at) {
  const kind = pick(kinds);
  const candidates = rules.filter((r) => r.on.includes(kind));
  const fired = random() < 0.55 ? [] : candidates.filter(() => random() < 0.6);
  fired.sort((a, b) => Math.abs(b.weight) - Math.abs(a.weight));
  const score = Math.max(
    0,
    fired.reduce((sum, r) => sum + r.weight, 0),
  );
  const tail = digits(4);
  const subject =
    kind === "account.login" && random() < 0.4
      ? undefined
      : {
          name: `${pick(surnames)}**`,
          id_no: `4403**********${digits(3)}X`.slice(0, 18),
          phone: `1${pick(["38", "59", "86", "77"])}****${tail}`,
          customer_no: `C00****${digits(3)}`,
        };
  const fallback = random() < 0.008 ? "deadline" : undefined;
  const event_id = id("evt");
  const reasons = fired.map((r) => ({
    rule: r.id,
    typology: r.typology,
    family: r.family,
    polarity: r.polarity,
    weight: r.weight,
    text: r.reason,
    values: valuesOf(r),
  }));
  return {
    id: id("dec"),
    seq,
    event_id,
    external_id: `LN${20260000 + seq}`,
    kind,
    outcome: fallback ? "review" : outcomeOf(score, fired),
    score,
    fallback,
    decided_at: new Date(at).toISOString(),
    effective_at: new Date(at - 800 - random() * 3000).toISOString(),
    ruleset: { id: "starter", version: 3 },
    subject: subject ?? {},
    reasons,
    not_evaluable:
      kind === "application.submitted" && random() < 0.7
        ? [{ rule: "t3_call_forwarding_on", missing: "event.call_forwarding.state" }]
        : [],
    values: [
      ...reasons.flatMap((r) => r.values),
      { name: "velocity.phone_applications_24h", value: 1 },
      { name: "local_hour", value: 14 },
    ],
    event: {
      id: event_id,
      kind,
      source: "lender/core",
      external_id: `LN${20260000 + seq}`,
      effective_at: new Date(at - 1000).toISOString(),
      observed_at: new Date(at - 2).toISOString(),
      subject: subject ?? {},
      entities: subject
        ? [
            { kind: "person", key: digits(32), role: "applicant" },
            { kind: "phone", key: digits(32), role: "applicant" },
            { kind: "device", key: digits(32) },
            { kind: "ip", key: digits(32) },
          ]
        : [],
      data: subject ? dataOf(kind, subject) : { result: "failure", method: "password" },
    },
    digest: randomBytes(32).toString("hex"),
    latency_us: Math.round(900 + random() * 2600),
  };
}

function valuesOf(r) {
  const names = [...r.when.matchAll(/(?:velocity|event|param)\.[a-z0-9_.]+/g)].map((m) => m[0]);
  return [...new Set(names)].map((name) => ({
    name,
    value: name.startsWith("param.")
      ? 3
      : name.includes("state")
        ? "on"
        : name.includes("device_id")
          ? "a41f****9c"
          : Number(r.reason.zh.match(/(\d+) (?:人|份|张|名|次)/)?.[1] ?? 19),
  }));
}

const now = Date.now();
let seq = 0;
const decisions = Array.from({ length: 900 }, (_, i) =>
  makeDecision(++seq, now - (900 - i) * 97_000 - random() * 60_000),
).reverse();
const eventsOf = new Map(decisions.map((d) => [d.event_id, d]));

const row = ({
  id,
  seq,
  event_id,
  external_id,
  kind,
  outcome,
  score,
  fallback,
  decided_at,
  effective_at,
  ruleset,
  subject,
  reasons,
}) => ({
  id,
  seq,
  event_id,
  external_id,
  kind,
  outcome,
  score,
  fallback,
  decided_at,
  effective_at,
  ruleset,
  subject,
  reasons: reasons.map(({ values, ...r }) => r),
});

function page(items, query, shape) {
  const from = Number(query.get("cursor") ?? 0);
  const limit = Number(query.get("limit") ?? 50);
  const next = from + limit < items.length ? String(from + limit) : undefined;
  return { items: items.slice(from, from + limit).map(shape), next_cursor: next };
}

function select(query) {
  const has = (name) => query.get(name);
  return decisions.filter(
    (d) =>
      (!has("outcome") || d.outcome === has("outcome")) &&
      (!has("kind") || d.kind === has("kind")) &&
      (!has("rule") || d.reasons.some((r) => r.rule === has("rule"))) &&
      (!has("typology") || d.reasons.some((r) => r.typology === has("typology"))) &&
      (!has("q") || d.external_id === has("q") || d.id === has("q")) &&
      within(d, query),
  );
}
const within = (d, query) =>
  (!query.get("from") || d.decided_at >= query.get("from")) && (!query.get("to") || d.decided_at < query.get("to"));

function summary(query) {
  const chosen = decisions.filter((d) => within(d, query));
  const tally = (keys) => {
    const n = new Map();
    for (const key of keys) n.set(key, (n.get(key) ?? 0) + 1);
    return [...n];
  };
  return {
    events: chosen.length + 212,
    decisions: chosen.length,
    by_outcome: tally(chosen.map((d) => d.outcome)).map(([name, n]) => ({ name, n })),
    by_rule: tally(chosen.flatMap((d) => d.reasons.map((r) => r.rule)))
      .map(([name, n]) => ({ name, n }))
      .sort((a, b) => b.n - a.n),
    latency_us: { p50: 1840, p95: 4210, p99: 9630 },
  };
}

const session = {
  user: { id: "usr_1", name: "admin", role: "analyst", tenant: "default" },
  csrf: "mock",
  must_change_password: false,
};
const problem = (status, code, detail) => ({
  status,
  body: { type: `/problems/${code}`, title: code, status, code, detail, request_id: `req_${digits(8)}` },
});

const routes = [
  ["GET /v1/session", ({ signedIn }) => (signedIn ? { body: session } : problem(401, "unauthorized", "no session"))],
  [
    "POST /v1/session",
    ({ body }) =>
      body.password === "wrong"
        ? problem(401, "unauthorized", "wrong")
        : { body: session, cookie: "session=1; HttpOnly; SameSite=Strict; Path=/" },
  ],
  ["DELETE /v1/session", () => ({ status: 204, cookie: "session=; Max-Age=0; Path=/" })],
  [
    "GET /v1/decisions",
    ({ query }) =>
      query.get("q") === "fail"
        ? problem(503, "unavailable", "the database is full")
        : { body: page(select(query), query, row) },
  ],
  [
    "GET /v1/holds",
    ({ query }) => ({
      body: page(
        decisions.filter((d) => d.outcome === "hold" && !d.released),
        query,
        row,
      ),
    }),
  ],
  ["GET /v1/summary", ({ query }) => ({ body: summary(query) })],
  ["GET /v1/rulesets/([^/]+)/versions/(\\d+)", () => ({ body: ruleset })],
  [
    "GET /v1/decisions/([^/]+)/events",
    ({ match, query }) => {
      const own = decisions.find((d) => d.id === match[1]);
      const others = decisions.filter((d) => d.kind === own?.kind && d !== own).slice(0, 5);
      return {
        body: page([own, ...others], query, (d) => ({
          id: d.event_id,
          seq: d.seq,
          kind: d.kind,
          external_id: d.external_id,
          effective_at: d.effective_at,
          decision_id: d.id,
          outcome: d.outcome,
          subject: d.subject,
        })),
      };
    },
  ],
  [
    "POST /v1/decisions/([^/]+):release",
    ({ match, body }) => {
      const d = decisions.find((x) => x.id === match[1]);
      if (!d) return problem(404, "not_found", "no such decision");
      d.released = { at: new Date().toISOString(), by: "admin", reason: body.reason };
      return { status: 204 };
    },
  ],
  [
    "GET /v1/decisions/([^/]+)",
    ({ match }) => {
      const d = decisions.find((x) => x.id === match[1]);
      return d ? { body: d } : problem(404, "not_found", "no such decision");
    },
  ],
  [
    "GET /v1/events/([^/]+)",
    ({ match }) => {
      const d = eventsOf.get(match[1]);
      return d
        ? { body: { ...d.event, seq: d.seq, decision_id: d.id, outcome: d.outcome } }
        : problem(404, "not_found", "no such event");
    },
  ],
].map(([pattern, handle]) => ({ pattern: new RegExp(`^${pattern}$`), handle }));

async function answer(request, response) {
  const url = new URL(request.url, "http://mock");
  if (url.pathname === "/v1/stream") return stream(response);
  if (!url.pathname.startsWith("/v1/")) return file(url.pathname, response);
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const context = {
    query: url.searchParams,
    body: text ? JSON.parse(text) : {},
    signedIn: /session=1/.test(request.headers.cookie ?? ""),
  };
  let result = problem(404, "not_found", "no such path");
  for (const { pattern, handle } of routes) {
    const match = pattern.exec(`${request.method} ${decodeURIComponent(url.pathname)}`);
    if (!match) continue;
    result = handle({ ...context, match });
    break;
  }
  const headers = { "Content-Type": (result.status ?? 200) >= 400 ? "application/problem+json" : "application/json" };
  if (result.cookie) headers["Set-Cookie"] = result.cookie;
  setTimeout(
    () => response.writeHead(result.status ?? 200, headers).end(result.body && JSON.stringify(result.body)),
    60,
  );
}

function stream(response) {
  response.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const timer = setInterval(() => {
    const d = makeDecision(++seq, Date.now());
    decisions.unshift(d);
    eventsOf.set(d.event_id, d);
    response.write(
      `event: decision.made\ndata: ${JSON.stringify({ seq: d.seq, decision_id: d.id, outcome: d.outcome, kind: d.kind })}\n\n`,
    );
  }, 1500);
  response.on("close", () => clearInterval(timer));
}

const types = { ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };

function file(path, response) {
  const asset = join(dist, path);
  const isAsset = types[extname(path)] && asset.startsWith(dist) && existsSync(asset);
  if (isAsset) return response.writeHead(200, { "Content-Type": types[extname(path)] }).end(readFileSync(asset));
  const nonce = randomBytes(16).toString("hex");
  response.writeHead(200, {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'`,
  });
  response.end(readFileSync(join(dist, "index.html"), "utf8").replaceAll("%NONCE%", nonce));
}

const server = createServer((request, response) => {
  answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
});
server.listen(Number(process.env.PORT ?? 8080), "127.0.0.1", () =>
  console.log(`http://127.0.0.1:${server.address().port}`),
);

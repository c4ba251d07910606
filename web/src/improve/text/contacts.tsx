import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { App, Button, Drawer, Select, Skeleton, Table } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { TypologyChip } from "../../prevent/chips";
import { SubjectLine } from "../../prevent/subject";
import { count } from "../../shell/format";
import { Loaded, Nothing } from "../../shell/loaded";
import { More } from "../../shell/more";
import { ProblemView } from "../../shell/problem";
import { ReasonDialog } from "../../shell/reason-dialog";
import { useSession } from "../../shell/session";
import { When } from "../../shell/when";
import { useWord } from "../../shell/word";
import { type Contact, contact, contacts, markContact, TYPOLOGIES, useChange } from "./queries";
import "../../prevent/prevent.css";
import "../../prevent/rules/rules.css";
import "./text.css";

// Contacts lists phones, accounts and mailboxes that several people or posts gave. One that two people confirm as an agent's
// speaks in the next decision.
export function Contacts() {
  const { t, i18n } = useTranslation("text");
  const word = useWord();
  const [writers, setWriters] = useState(2);
  const [open, setOpen] = useState<string>();
  const query = useInfiniteQuery(contacts(writers));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("contacts.title")}</h1>
        <p className="muted">{t("contacts.hint")}</p>
        <Select
          value={writers}
          onChange={setWriters}
          aria-label={t("contacts.writers")}
          options={[2, 3, 5, 10].map((value) => ({ value, label: t("contacts.least", { n: value }) }))}
        />
      </div>
      <section className="panel">
        {query.isPending && <Skeleton className="panel-pad" active />}
        {query.isError && <ProblemView error={query.error} retry={() => query.refetch()} />}
        {query.isSuccess && items.length === 0 && <Nothing title={t("contacts.none")} hint={t("contacts.none.hint")} />}
        {items.length > 0 && (
          <Table<Contact>
            size="middle"
            rowKey="key"
            dataSource={items}
            pagination={false}
            scroll={{ x: "max-content" }}
            rowClassName="row-link"
            onRow={(c) => ({ onClick: () => setOpen(c.key) })}
            columns={[
              {
                title: t("contact.value"),
                render: (_, c) => (
                  <button type="button" className="text-link" onClick={() => setOpen(c.key)}>
                    {word("text:contact", c.kind ?? "")}{" "}
                    <span className="mono">{c.value || `${c.key.slice(0, 10)}…`}</span>
                  </button>
                ),
              },
              {
                title: t("contacts.writers"),
                align: "right",
                render: (_, c) => <b>{count(c.writers, i18n.language)}</b>,
              },
              { title: t("contact.events"), align: "right", render: (_, c) => count(c.events, i18n.language) },
              { title: t("contact.posts"), align: "right", render: (_, c) => count(c.posts, i18n.language) },
              { title: t("candidate.lastSeen"), render: (_, c) => <When at={c.last_seen ?? undefined} /> },
              {
                title: t("contact.mark"),
                render: (_, c) =>
                  c.mark ? (
                    <>
                      <span className={c.mark.verdict === "agent" ? "chip chip-warn" : "chip chip-plain"}>
                        {t(c.mark.verdict === "agent" ? "contact.agent" : "contact.lawful")}
                      </span>
                      <TypologyChip typology={c.mark.typology} />
                    </>
                  ) : null,
              },
            ]}
          />
        )}
        <More query={query} />
      </section>
      <Drawer
        open={open !== undefined}
        size="min(680px, 100%)"
        title={t("contact.one")}
        onClose={() => setOpen(undefined)}
      >
        {open && <One id={open} />}
      </Drawer>
    </div>
  );
}

function One({ id }: { id: string }) {
  const { t } = useTranslation("text");
  const word = useWord();
  const may = useSession().data?.permissions.includes("intel:write");
  const [asking, setAsking] = useState<"agent" | "lawful">();
  return (
    <Loaded query={useQuery(contact(id))}>
      {(c) => (
        <div className="candidate">
          <h2 className="candidate-word">
            {word("text:contact", c.kind ?? "")} <span className="mono">{c.value}</span>
          </h2>
          <p className="muted">{t("contact.why", { writers: c.writers, events: c.events, posts: c.posts })}</p>
          <Table
            size="small"
            rowKey={(s) => `${s.event} ${s.role}`}
            pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false }}
            scroll={{ x: "max-content" }}
            dataSource={c.sightings}
            columns={[
              { title: t("member.at"), render: (_, s) => <When at={s.at} /> },
              { title: t("contact.kind"), render: (_, s) => word("intake:kind", s.kind) },
              { title: t("member.subject"), render: (_, s) => <SubjectLine subject={s.subject} /> },
              {
                width: 80,
                render: (_, s) => (
                  <Link to="/events/$id" params={{ id: s.event }}>
                    {t("contact.open")}
                  </Link>
                ),
              },
            ]}
          />
          {may && !c.mark && (
            <p className="family-actions">
              <Button onClick={() => setAsking("agent")}>{t("contact.agent.ask")}</Button>
              <Button onClick={() => setAsking("lawful")}>{t("contact.lawful.ask")}</Button>
            </p>
          )}
          {asking && <MarkDialog c={c} verdict={asking} onClose={() => setAsking(undefined)} />}
        </div>
      )}
    </Loaded>
  );
}

function MarkDialog({ c, verdict, onClose }: { c: Contact; verdict: "agent" | "lawful"; onClose: () => void }) {
  const { t } = useTranslation("text");
  const { message } = App.useApp();
  const word = useWord();
  const [typology, setTypology] = useState<(typeof TYPOLOGIES)[number]>("T3");
  const mark = useChange(markContact);
  async function run(reason: string) {
    try {
      const kind = (c.kind ?? "phone") as "phone" | "handle" | "email";
      await mark.mutateAsync({
        key: c.key,
        kind,
        verdict,
        reason,
        typology: verdict === "agent" ? typology : undefined,
      });
      message.success(t("asked"));
      onClose();
    } catch {
      // shown in the dialog
    }
  }
  return (
    <ReasonDialog
      title={t(verdict === "agent" ? "contact.agent.ask" : "contact.lawful.ask")}
      hint={t(verdict === "agent" ? "contact.agent.hint" : "contact.lawful.hint")}
      ok={t("ask")}
      wait={mark.isPending}
      error={mark.error}
      onDone={run}
      onClose={onClose}
    >
      {verdict === "agent" && (
        <Select
          value={typology}
          onChange={setTypology}
          aria-label={t("typology")}
          options={TYPOLOGIES.map((value) => ({ value, label: word("prevent:typology", value) }))}
        />
      )}
    </ReasonDialog>
  );
}

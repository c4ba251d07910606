import { Link } from "@tanstack/react-router";
import { Button, Table } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { SubjectLine } from "../../prevent/subject";
import { count, share } from "../../shell/format";
import { inLanguage } from "../../shell/i18n";
import { useSession } from "../../shell/session";
import { When } from "../../shell/when";
import { useWord } from "../../shell/word";
import { Marked } from "./marked";
import type { Family } from "./queries";
import { TemplateDialog } from "./template-dialog";

// FamilyDetail shows a family of texts made from one template: what stays, what varies, who sent it, and why it is one.
export function FamilyDetail({ family }: { family: Family }) {
  const { t, i18n } = useTranslation("text");
  const word = useWord();
  const may = useSession().data?.permissions.includes("intel:write");
  const [asking, setAsking] = useState<"gang" | "innocent">();
  const { language } = i18n;
  return (
    <div className="family">
      <dl className="figures-row">
        <Fact name={t("family.size")} value={count(family.size, language)} />
        <Fact name={t("family.subjects")} value={count(family.subjects, language)} />
        <Fact name={t("family.recent")} value={count(family.recent, language)} />
        <Fact
          name={t("family.cities")}
          value={family.city_names.slice(0, 4).join("、") || count(family.cities, language)}
        />
      </dl>
      {family.innocent && <p className="callout">{t("family.innocent", { title: family.innocent })}</p>}
      {family.template && <p className="callout">{t("family.template", { title: family.template })}</p>}
      <ul className="family-reasons">
        {family.reasons.map((reason) => (
          <li key={reason.zh}>{inLanguage(reason, language)}</li>
        ))}
      </ul>
      <h3>{t("family.representative")}</h3>
      <Marked
        text={family.text}
        marks={family.slots.map((slot) => ({
          span: slot.span,
          of: { tone: "slot", title: [...new Set(slot.values.filter(Boolean))].slice(0, 8).join(" / ") },
        }))}
      />
      <p className="faint">{t("family.slots", { n: family.slots.length })}</p>
      {family.contacts.length > 0 && (
        <>
          <h3>{t("family.contacts")}</h3>
          <ul className="signals">
            {family.contacts.map((c) => (
              <li key={c.key}>
                <span>{word("text:contact", c.kind ?? "")}</span>
                <span className="mono">{c.value}</span>
                <span className="faint">{t("contact.writers.n", { n: c.writers })}</span>
              </li>
            ))}
          </ul>
        </>
      )}
      <h3>{t("family.members")}</h3>
      <Table
        size="small"
        rowKey="id"
        pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: "max-content" }}
        dataSource={family.members}
        columns={[
          { title: t("member.at"), render: (_, m) => <When at={m.at} /> },
          { title: t("member.subject"), render: (_, m) => <SubjectLine subject={m.subject} /> },
          { title: t("member.city"), render: (_, m) => m.city || "–" },
          {
            title: t("member.similarity"),
            align: "right",
            className: "figures",
            render: (_, m) => share(m.similarity, 1, language),
          },
          {
            title: t("member.text"),
            className: "cell-wrap",
            render: (_, m) => (
              <Link to="/events/$id" params={{ id: m.event }} className="member-text">
                {m.text || t("member.erased")}
              </Link>
            ),
          },
        ]}
      />
      {may && !family.innocent && !family.template && (
        <p className="family-actions">
          <Button onClick={() => setAsking("gang")}>{t("template.gang")}</Button>
          <Button onClick={() => setAsking("innocent")}>{t("template.innocent")}</Button>
        </p>
      )}
      {asking && (
        <TemplateDialog verdict={asking} textID={family.representative} onClose={() => setAsking(undefined)} />
      )}
    </div>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div className="figure">
      <dt>{name}</dt>
      <dd>
        <b>{value}</b>
      </dd>
    </div>
  );
}

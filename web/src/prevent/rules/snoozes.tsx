import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { App, Button, Popconfirm, Table } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNameOf } from "../../shell/colleagues";
import { inLanguage } from "../../shell/i18n";
import { Loaded, Nothing } from "../../shell/loaded";
import { useProblemText } from "../../shell/problem";
import { useMay } from "../../shell/session";
import { Until } from "../../shell/when";
import { useWord } from "../../shell/word";
import type { Rule } from "../vocabulary";
import { liveRuleset, snoozes, useEndSnooze } from "./queries";
import { SnoozeDialog } from "./snooze-dialog";
import type { Snooze } from "./vocabulary";
import "../prevent.css";
import "./rules.css";

// Snoozes lists the rules that are silent for a while, and lets them speak again.
export function Snoozes() {
  const { t, i18n } = useTranslation("rules");
  const nameOf = useNameOf();
  const word = useWord();
  const mayWrite = useMay("rulesets:write");
  const rules = new Map(useQuery(liveRuleset).data?.rules.map((r) => [r.id, r]));
  const [again, setAgain] = useState<Rule>();
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("snoozes.title")}</h1>
        <p className="muted">{t("snoozes.hint")}</p>
      </div>
      <section className="panel">
        <Loaded query={useQuery(snoozes)}>
          {({ items }) =>
            items.length === 0 ? (
              <Nothing title={t("snoozes.none")} hint={t("snoozes.none.hint")} />
            ) : (
              <Table<Snooze>
                size="small"
                rowKey="id"
                dataSource={items}
                pagination={items.length > 50 ? { pageSize: 50, showSizeChanger: false } : false}
                scroll={{ x: "max-content" }}
                columns={[
                  {
                    title: t("column.rule"),
                    render: (_, z) => {
                      const rule = rules.get(z.rule);
                      return (
                        <Link to="/rules" search={{ rule: z.rule }} className="rule-cell">
                          {rule && <span>{inLanguage(rule.title, i18n.language)}</span>}
                          <span className="mono faint">{z.rule}</span>
                        </Link>
                      );
                    },
                  },
                  {
                    title: t("snoozes.about"),
                    render: (_, z) =>
                      z.kind ? (
                        <span title={z.entity}>
                          {word("intake:entity", z.kind)} <span className="mono faint">{z.entity?.slice(0, 8)}…</span>
                        </span>
                      ) : (
                        t("snooze.all")
                      ),
                  },
                  { title: t("snoozes.reason"), className: "cell-wrap", dataIndex: "reason" },
                  { title: t("snoozes.by"), render: (_, z) => nameOf(z.by) },
                  { title: t("snoozes.until"), render: (_, z) => <Until at={z.expires_at} /> },
                  ...(mayWrite
                    ? [
                        {
                          key: "end",
                          render: (_: unknown, z: Snooze) => (
                            <End snooze={z} onAgain={() => setAgain(rules.get(z.rule))} />
                          ),
                        },
                      ]
                    : []),
                ]}
              />
            )
          }
        </Loaded>
      </section>
      {again && <SnoozeDialog rule={again} onClose={() => setAgain(undefined)} />}
    </div>
  );
}

function End({ snooze, onAgain }: { snooze: Snooze; onAgain: () => void }) {
  const { t } = useTranslation("rules");
  const { message } = App.useApp();
  const say = useProblemText();
  const end = useEndSnooze();
  async function run() {
    try {
      await end.mutateAsync(snooze.id);
      message.success({
        content: (
          <>
            {t("snoozes.ended")}{" "}
            <button type="button" className="link" onClick={onAgain}>
              {t("snoozes.undo")}
            </button>
          </>
        ),
        duration: 8,
      });
    } catch (problem) {
      message.error(say(problem));
    }
  }
  return (
    <Popconfirm title={t("snoozes.end")} description={t("snoozes.end.hint")} onConfirm={run}>
      <Button size="small">{t("snoozes.end")}</Button>
    </Popconfirm>
  );
}

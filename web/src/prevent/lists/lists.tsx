import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Table } from "antd";
import { useTranslation } from "react-i18next";
import { count } from "../../shell/format";
import { inLanguage } from "../../shell/i18n";
import { Loaded, Nothing } from "../../shell/loaded";
import { useWord } from "../../shell/word";
import { type List, lists } from "./queries";
import "../prevent.css";
import "../rules/rules.css";

// Lists shows every list, what it holds and which rules ask it.
export function Lists() {
  const { t, i18n } = useTranslation("lists");
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("title")}</h1>
        <p className="muted">{t("hint")}</p>
      </div>
      <section className="panel">
        <Loaded query={useQuery(lists)}>
          {({ items }) =>
            items.length === 0 ? (
              <Nothing title={t("none")} hint={t("none.hint")} />
            ) : (
              <Table<List>
                size="middle"
                rowKey="id"
                dataSource={items}
                pagination={false}
                scroll={{ x: "max-content" }}
                columns={[
                  {
                    title: t("column.list"),
                    render: (_, list) => (
                      <Link to="/lists/$list" params={{ list: list.id }} className="rule-cell">
                        <span>{inLanguage(list.title, i18n.language) || list.id}</span>
                        <span className="mono faint">{list.id}</span>
                      </Link>
                    ),
                  },
                  { title: t("column.kind"), render: (_, list) => <Holds list={list} /> },
                  {
                    title: t("column.entries"),
                    align: "right",
                    className: "figures",
                    render: (_, list) => <b>{count(list.entries, i18n.language)}</b>,
                  },
                  {
                    title: t("column.rules"),
                    render: (_, list) =>
                      list.declared ? (
                        list.rules.map((rule) => (
                          <Link key={rule} to="/rules" search={{ rule }} className="mono overlap">
                            {rule}
                          </Link>
                        ))
                      ) : (
                        <span className="faint">{t("undeclared")}</span>
                      ),
                  },
                ]}
              />
            )
          }
        </Loaded>
      </section>
    </div>
  );
}

// Holds says what values a list holds and how they are compared.
export function Holds({ list }: { list: List }) {
  const { t } = useTranslation("lists");
  const word = useWord();
  return (
    <span>
      {list.kind ? word("intake:entity", list.kind) : t("plain")}
      {list.match && <span className="faint"> · {word("lists:match", list.match)}</span>}
    </span>
  );
}

import { LeftOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Button, Tabs } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { inLanguage } from "../../shell/i18n";
import { Loaded } from "../../shell/loaded";
import { useMay } from "../../shell/session";
import { AddEntries } from "./add-entries";
import { Entries } from "./entries";
import { History } from "./history";
import { Holds } from "./lists";
import { type List, lists } from "./queries";
import { LIST_TABS, listRoute } from "./routes";
import "../prevent.css";
import "../rules/rules.css";

// ListPage shows one list: what is on it, how it came there, and a way to change it.
export function ListPage() {
  const { list: id } = listRoute.useParams();
  const unknown: List = { id, title: { zh: "", en: "" }, declared: false, entries: 0, rules: [] };
  return (
    <div className="page">
      <Loaded query={useQuery(lists)}>
        {({ items }) => <Opened key={id} list={items.find((l) => l.id === id) ?? unknown} />}
      </Loaded>
    </div>
  );
}

function Opened({ list }: { list: List }) {
  const { t, i18n } = useTranslation("lists");
  const { view = "entries" } = listRoute.useSearch();
  const navigate = listRoute.useNavigate();
  const may = useMay("lists:write");
  const [adding, setAdding] = useState(false);
  const title = inLanguage(list.title, i18n.language) || list.id;
  return (
    <>
      <div className="trail">
        <Link to="/lists">
          <Button type="text" size="small" icon={<LeftOutlined />}>
            {t("back")}
          </Button>
        </Link>
      </div>
      <div className="page-head">
        <h1>{title}</h1>
        <p className="muted">
          <span className="mono">{list.id}</span> · <Holds list={list} />
        </p>
        <span className="page-action">
          {may ? (
            <Button type="primary" onClick={() => setAdding(true)}>
              {t("add")}
            </Button>
          ) : (
            <small className="muted">{t("mayNot")}</small>
          )}
        </span>
      </div>
      <section className="panel">
        <Tabs
          className="panel-tabs"
          activeKey={view}
          onChange={(key) => navigate({ search: { view: LIST_TABS.find((tab) => tab === key) }, replace: true })}
          items={LIST_TABS.map((key) => ({ key, label: t(`tab.${key}`) }))}
        />
        {view === "entries" ? <Entries list={list} may={may} /> : <History list={list.id} may={may} />}
      </section>
      {adding && <AddEntries list={list} title={title} onClose={() => setAdding(false)} />}
    </>
  );
}

import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { Drawer, Segmented, Skeleton, Table } from "antd";
import { useTranslation } from "react-i18next";
import { count } from "../../shell/format";
import { Loaded, Nothing } from "../../shell/loaded";
import { More } from "../../shell/more";
import { ProblemView } from "../../shell/problem";
import { When } from "../../shell/when";
import { useWord } from "../../shell/word";
import { FamilyDetail } from "./family-detail";
import { type FamilyRow, families, family } from "./queries";
import { familiesRoute } from "./routes";
import "../../prevent/prevent.css";
import "../../prevent/rules/rules.css";
import "./text.css";

// Families lists the texts made from one template, and opens one with its members.
export function Families() {
  const { t, i18n } = useTranslation("text");
  const word = useWord();
  const { sort, family: open } = familiesRoute.useSearch();
  const navigate = familiesRoute.useNavigate();
  const query = useInfiniteQuery(families(sort ?? "growth"));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("families.title")}</h1>
        <p className="muted">{t("families.hint")}</p>
        <Segmented
          value={sort ?? "growth"}
          onChange={(value) => navigate({ search: { sort: value === "size" ? "size" : undefined }, replace: true })}
          options={[
            { value: "growth", label: t("families.growth") },
            { value: "size", label: t("families.size") },
          ]}
        />
      </div>
      <section className="panel">
        {query.isPending && <Skeleton className="panel-pad" active />}
        {query.isError && <ProblemView error={query.error} retry={() => query.refetch()} />}
        {query.isSuccess && items.length === 0 && <Nothing title={t("families.none")} hint={t("families.none.hint")} />}
        {items.length > 0 && (
          <Table<FamilyRow>
            size="middle"
            rowKey="id"
            dataSource={items}
            pagination={false}
            scroll={{ x: "max-content" }}
            onRow={(row) => ({ onClick: () => navigate({ search: (now) => ({ ...now, family: row.id }) }) })}
            rowClassName="row-link"
            columns={[
              {
                title: t("family.id"),
                className: "cell-wrap",
                render: (_, row) => (
                  <button
                    type="button"
                    className="text-link"
                    onClick={() => navigate({ search: (now) => ({ ...now, family: row.id }) })}
                  >
                    {row.excerpt || row.id}
                  </button>
                ),
              },
              { title: t("author"), render: (_, row) => word("text:author", row.author) },
              { title: t("family.size"), align: "right", render: (_, row) => <b>{count(row.size, i18n.language)}</b> },
              { title: t("family.recent"), align: "right", render: (_, row) => count(row.recent, i18n.language) },
              { title: t("family.subjects"), align: "right", render: (_, row) => count(row.subjects, i18n.language) },
              { title: t("family.cities"), align: "right", render: (_, row) => count(row.cities, i18n.language) },
              { title: t("family.lastSeen"), render: (_, row) => <When at={row.last_seen} /> },
              {
                title: t("family.state"),
                render: (_, row) =>
                  row.innocent ? <span className="chip chip-plain">{t("template.innocent.short")}</span> : null,
              },
            ]}
          />
        )}
        <More query={query} />
      </section>
      <Drawer
        open={open !== undefined}
        size="min(880px, 100%)"
        title={t("families.one")}
        onClose={() => navigate({ search: ({ family: _, ...rest }) => rest })}
      >
        {open && <One id={open} />}
      </Drawer>
    </div>
  );
}

function One({ id }: { id: string }) {
  return <Loaded query={useQuery(family(id))}>{(data) => <FamilyDetail family={data} />}</Loaded>;
}

import { useInfiniteQuery } from "@tanstack/react-query";
import { App, Button, Checkbox, Input, Skeleton, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useNameOf } from "../../shell/colleagues";
import { Nothing } from "../../shell/loaded";
import { More } from "../../shell/more";
import { ProblemView } from "../../shell/problem";
import { ReasonDialog } from "../../shell/reason-dialog";
import { When } from "../../shell/when";
import { useWord } from "../../shell/word";
import { type Entry, entries, type List, useRemove } from "./queries";
import { listRoute } from "./routes";

// Entries lists what is on a list, newest first, and finds an entry by its full value.
export function Entries({ list, may }: { list: List; may: boolean }) {
  const { t } = useTranslation("lists");
  const word = useWord();
  const { ended } = listRoute.useSearch();
  const navigate = listRoute.useNavigate();
  const [value, setValue] = useState("");
  const [removing, setRemoving] = useState<Entry>();
  const query = useInfiniteQuery(
    entries(list.id, {
      value: value || undefined,
      kind: value ? list.kind : undefined,
      ended: ended === "1" || undefined,
    }),
  );
  const columns = useColumns(may, setRemoving);
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  return (
    <>
      <div className="filter-bar">
        <Input.Search
          allowClear
          className="filter-search"
          placeholder={t("find")}
          aria-label={t("find")}
          title={t("find.hint", { kind: list.kind ? word("intake:entity", list.kind) : t("entry.value") })}
          onSearch={(text) => setValue(text.trim())}
        />
        <Checkbox
          checked={ended === "1"}
          onChange={(e) =>
            navigate({ search: (now) => ({ ...now, ended: e.target.checked ? "1" : undefined }), replace: true })
          }
        >
          {t("ended")}
        </Checkbox>
      </div>
      {query.isPending && <Skeleton className="panel-pad" active />}
      {query.isError && <ProblemView error={query.error} retry={() => query.refetch()} />}
      {query.isSuccess && items.length === 0 && (
        <Nothing
          title={t(value ? "entries.none.found" : "entries.none")}
          hint={value ? undefined : t("entries.none.hint")}
        />
      )}
      {items.length > 0 && (
        <Table<Entry>
          size="small"
          rowKey="id"
          dataSource={items}
          pagination={false}
          scroll={{ x: "max-content" }}
          rowClassName={(e) => (e.removed_at ? "row-ended" : "")}
          columns={columns}
        />
      )}
      <More query={query} />
      {removing && <Removal list={list.id} entry={removing} onClose={() => setRemoving(undefined)} />}
    </>
  );
}

function useColumns(may: boolean, onRemove: (entry: Entry) => void): TableColumnsType<Entry> {
  const { t } = useTranslation("lists");
  const word = useWord();
  const nameOf = useNameOf();
  const over = (e: Entry) => e.expires_at !== undefined && new Date(e.expires_at) <= new Date();
  return [
    {
      title: t("entry.value"),
      render: (_, e) =>
        e.kind && e.match === "exact" ? (
          <span title={e.value}>
            {word("intake:entity", e.kind)}{" "}
            <span className="mono faint">
              {t("entry.sealed")} {e.value.slice(0, 10)}…
            </span>
          </span>
        ) : (
          <span className="mono">{e.value}</span>
        ),
    },
    { title: t("entry.reason"), className: "cell-wrap", dataIndex: "reason" },
    {
      title: t("entry.added"),
      render: (_, e) => (
        <>
          {nameOf(e.added_by)} <small className="faint">{e.added_at && <When at={e.added_at} />}</small>
        </>
      ),
    },
    {
      title: t("entry.until"),
      render: (_, e) => {
        if (e.removed_at)
          return (
            <span className="muted">
              {t("entry.ended", { by: nameOf(e.removed_by ?? "") })} <When at={e.removed_at} />
            </span>
          );
        if (!e.expires_at) return <span className="faint">{t("entry.forever")}</span>;
        return over(e) ? <span className="muted">{t("entry.expired")}</span> : <When at={e.expires_at} />;
      },
    },
    {
      width: 80,
      render: (_, e) =>
        may && !e.removed_at && !over(e) ? (
          <Button size="small" onClick={() => onRemove(e)}>
            {t("entry.remove")}
          </Button>
        ) : null,
    },
  ];
}

function Removal({ list, entry, onClose }: { list: string; entry: Entry; onClose: () => void }) {
  const { t } = useTranslation("lists");
  const { message } = App.useApp();
  const remove = useRemove(list);
  async function run(reason: string) {
    try {
      await remove.mutateAsync({ id: entry.id, reason });
      message.success(t("add.asked"));
      onClose();
    } catch {
      // shown in the dialog
    }
  }
  return (
    <ReasonDialog
      title={t("entry.remove.title")}
      hint={t("entry.remove.hint")}
      ok={t("entry.remove")}
      wait={remove.isPending}
      error={remove.error}
      onDone={run}
      onClose={onClose}
    />
  );
}

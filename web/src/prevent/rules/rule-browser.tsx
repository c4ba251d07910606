import { SearchOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Input, type InputRef, Select, Table, type TableColumnsType, Tooltip } from "antd";
import { type RefObject, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { count } from "../../shell/format";
import { inLanguage } from "../../shell/i18n";
import { Nothing } from "../../shell/loaded";
import { useNarrow } from "../../shell/narrow";
import { useWord } from "../../shell/word";
import { FamilyChip, TypologyChip } from "../chips";
import { OutcomeTag } from "../outcome";
import { overview } from "../overview/queries";
import { type Rule, type Ruleset, TYPOLOGIES } from "../vocabulary";
import { snoozes } from "./queries";
import { type RuleFilters, rulesRoute } from "./routes";
import { RuleDrawer } from "./rule-drawer";
import { Weight } from "./weight";

interface Props {
  ruleset: Ruleset;
  searchBox: RefObject<InputRef | null>;
}

// RuleBrowser finds rules of the live ruleset and opens one beside the list.
export function RuleBrowser({ ruleset, searchBox }: Props) {
  const { t, i18n } = useTranslation("rules");
  const word = useWord();
  const filters = rulesRoute.useSearch();
  const navigate = rulesRoute.useNavigate();
  const change = (part: RuleFilters) => navigate({ search: (now) => ({ ...now, ...part }), replace: true });
  const shown = useMemo(() => ruleset.rules.filter((rule) => fits(rule, filters)), [ruleset, filters]);
  const opened = ruleset.rules.find((rule) => rule.id === filters.rule);
  return (
    <>
      <div className="filter-bar">
        <Input
          ref={searchBox}
          allowClear
          className="filter-search"
          prefix={<SearchOutlined />}
          defaultValue={filters.q}
          placeholder={t("filter.search")}
          aria-label={t("filter.search")}
          onChange={(e) => change({ q: e.target.value || undefined })}
        />
        <Select
          allowClear
          value={filters.typology}
          placeholder={t("column.typology")}
          aria-label={t("column.typology")}
          popupMatchSelectWidth={false}
          onChange={(typology) => change({ typology })}
          options={TYPOLOGIES.map((value) => ({
            value,
            label: `${value} ${word("prevent:typology", `${value}.short`)}`,
          }))}
        />
        <Select
          allowClear
          value={filters.polarity}
          placeholder={t("filter.polarity")}
          aria-label={t("filter.polarity")}
          onChange={(polarity) => change({ polarity })}
          options={(["suspicion", "hardship"] as const).map((value) => ({ value, label: t(`polarity.${value}`) }))}
        />
        <span className="faint figures filter-count">
          {t("rules.count", { n: count(shown.length, i18n.language) })}
        </span>
      </div>
      <RuleTable rules={shown} onOpen={(rule) => change({ rule })} />
      <RuleDrawer rule={opened} ruleset={ruleset} onClose={() => change({ rule: undefined })} />
    </>
  );
}

function fits(rule: Rule, { q = "", typology, polarity }: RuleFilters): boolean {
  if (typology && rule.typology !== typology) return false;
  if (polarity && rule.polarity !== polarity) return false;
  const text = `${rule.id} ${rule.title.zh} ${rule.title.en} ${rule.when}`.toLowerCase();
  return q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

function RuleTable({ rules, onOpen }: { rules: Rule[]; onOpen: (id: string) => void }) {
  const { t } = useTranslation("rules");
  const columns = useColumns();
  if (rules.length === 0) return <Nothing title={t("rules.none")} />;
  return (
    <Table<Rule>
      size="small"
      rowKey="id"
      columns={columns}
      dataSource={rules}
      pagination={false}
      rowClassName="row"
      scroll={{ x: "max-content" }}
      onRow={(rule) => ({
        tabIndex: 0,
        onClick: () => onOpen(rule.id),
        onKeyDown: (e) => e.key === "Enter" && onOpen(rule.id),
      })}
    />
  );
}

function useColumns(): TableColumnsType<Rule> {
  const { t, i18n } = useTranslation("rules");
  const narrow = useNarrow();
  const { data } = useQuery(overview(30));
  const silent = useQuery(snoozes).data?.items ?? [];
  const hits = new Map(data?.rules.map((r) => [r.rule, r.n]));
  const most = Math.max(1, ...hits.values());
  const columns: TableColumnsType<Rule> = [
    {
      title: t("column.rule"),
      sorter: (a, b) => a.id.localeCompare(b.id),
      render: (_, rule) => (
        <span className="rule-cell">
          <span>{inLanguage(rule.title, i18n.language)}</span>
          <span className="mono faint">{rule.id}</span>
          {silent.some((z) => z.rule === rule.id) && <span className="chip chip-warn">{t("rule.snoozed")}</span>}
        </span>
      ),
    },
    {
      title: t("column.weight"),
      width: 72,
      align: "right",
      sorter: (a, b) => a.weight - b.weight,
      render: (_, rule) => <Weight weight={rule.weight} polarity={rule.polarity} />,
    },
    {
      title: <Tooltip title={t("column.hits.hint")}>{t("column.hits")}</Tooltip>,
      width: 132,
      sorter: (a, b) => (hits.get(a.id) ?? 0) - (hits.get(b.id) ?? 0),
      render: (_, { id }) => <Bar n={hits.get(id) ?? 0} most={most} />,
    },
  ];
  if (narrow) return columns;
  return [
    ...columns,
    { title: t("column.typology"), width: 96, render: (_, rule) => <TypologyChip typology={rule.typology} /> },
    { title: t("column.family"), width: 76, render: (_, rule) => <FamilyChip family={rule.family} /> },
    {
      title: t("column.outcome"),
      width: 96,
      render: (_, { outcome }) => (outcome ? <OutcomeTag outcome={outcome} /> : <span className="faint">–</span>),
    },
  ];
}

// Bar is a number with its share of the largest.
export function Bar({ n, most }: { n: number; most: number }) {
  const { i18n } = useTranslation();
  return (
    <span className="bar figures">
      <i style={{ width: n > 0 ? `max(2px, ${(n / most) * 100}%)` : 0 }} />
      {n > 0 ? count(n, i18n.language) : <span className="faint">0</span>}
    </span>
  );
}

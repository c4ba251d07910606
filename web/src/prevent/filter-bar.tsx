import { FilterOutlined, SearchOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Badge, Button, DatePicker, Drawer, Input, type InputRef, Select } from "antd";
import dayjs from "dayjs";
import { type Ref, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { KINDS } from "../intake/vocabulary";
import { count } from "../shell/format";
import { useNarrow } from "../shell/narrow";
import { type DecisionFilters, RANGES } from "./filters";
import { summary } from "./queries";
import { useRuleTitle } from "./rule-title";
import { TYPOLOGIES } from "./vocabulary";

interface Props {
  filters: DecisionFilters; // with the identifier searched for, if any, as q
  onChange: (change: DecisionFilters) => void;
  onSearch: (q: string) => void;
  onClear: () => void;
  searchRef: Ref<InputRef>;
}

export function FilterBar(props: Props) {
  const { t } = useTranslation("prevent");
  const narrow = useNarrow();
  const [open, setOpen] = useState(false);
  const { outcome: _, q, ...others } = props.filters;
  const chosen = Object.keys(others).length;
  return (
    <div className="filter-bar">
      <SearchBox {...props} />
      {narrow ? (
        <>
          <Badge count={chosen} color="var(--accent)" size="small">
            <Button icon={<FilterOutlined />} aria-label={t("filter.title")} onClick={() => setOpen(true)} />
          </Badge>
          <Drawer open={open} onClose={() => setOpen(false)} placement="bottom" title={t("filter.title")} size="auto">
            <div className="filter-drawer">
              <Choices {...props} />
            </div>
          </Drawer>
        </>
      ) : (
        <Choices {...props} />
      )}
      {(chosen > 0 || q) && (
        <Button type="link" size="small" onClick={props.onClear}>
          {t("filter.clear")}
        </Button>
      )}
    </div>
  );
}

function SearchBox({ filters, onSearch, searchRef }: Props) {
  const { t } = useTranslation("prevent");
  const [text, setText] = useState(filters.q ?? "");
  useEffect(() => setText(filters.q ?? ""), [filters.q]);
  return (
    <Input
      ref={searchRef}
      className="filter-search"
      allowClear
      prefix={<SearchOutlined className="faint" />}
      value={text}
      placeholder={t("filter.search")}
      aria-label={t("filter.search")}
      onChange={(e) => {
        setText(e.target.value);
        if (e.target.value === "" && filters.q) onSearch("");
      }}
      onPressEnter={(e) => {
        if (e.nativeEvent.isComposing) return;
        onSearch(text);
        e.currentTarget.blur();
      }}
    />
  );
}

function Choices({ filters, onChange }: Props) {
  const { t, i18n } = useTranslation(["prevent", "intake"]);
  const { data } = useQuery(summary(filters));
  const title = useRuleTitle();
  const hits = new Map(data?.by_rule.map(({ name, n }) => [name, n]));
  if (filters.rule && !hits.has(filters.rule)) hits.set(filters.rule, 0);
  return (
    <>
      <Select
        allowClear
        value={filters.kind}
        placeholder={t("filter.kind")}
        aria-label={t("filter.kind")}
        popupMatchSelectWidth={false}
        options={KINDS.map((kind) => ({ value: kind, label: t(`intake:kind.${kind}`) }))}
        onChange={(kind) => onChange({ kind })}
      />
      <Select
        allowClear
        value={filters.typology}
        placeholder={t("filter.typology")}
        aria-label={t("filter.typology")}
        popupMatchSelectWidth={false}
        options={TYPOLOGIES.map((typology) => ({ value: typology, label: `${typology} ${t(`typology.${typology}`)}` }))}
        onChange={(typology) => onChange({ typology })}
      />
      <Select
        allowClear
        showSearch={{ optionFilterProp: "label" }}
        value={filters.rule}
        placeholder={t("filter.rule")}
        aria-label={t("filter.rule")}
        popupMatchSelectWidth={false}
        options={[...hits].map(([rule, n]) => ({ value: rule, label: `${title(rule)}  ${count(n, i18n.language)}` }))}
        labelRender={({ value }) => title(String(value))}
        onChange={(rule) => onChange({ rule })}
      />
      <Period filters={filters} onChange={onChange} />
    </>
  );
}

function Period({ filters, onChange }: Pick<Props, "filters" | "onChange">) {
  const { t } = useTranslation("prevent");
  const dated = Boolean(filters.from || filters.to);
  const [picking, setPicking] = useState(false);
  return (
    <>
      <Select
        allowClear
        value={filters.range ?? (dated || picking ? "dates" : undefined)}
        placeholder={t("filter.range")}
        aria-label={t("filter.range")}
        popupMatchSelectWidth={false}
        options={[
          ...RANGES.map((range) => ({ value: range, label: t(`range.${range}`) })),
          { value: "dates" as const, label: t("range.dates") },
        ]}
        onChange={(range?: (typeof RANGES)[number] | "dates") => {
          setPicking(range === "dates");
          if (range !== "dates") onChange({ range, from: undefined, to: undefined });
        }}
      />
      {(picking || dated) && (
        <DatePicker.RangePicker
          allowEmpty={[true, true]}
          value={[filters.from ? dayjs(filters.from) : null, filters.to ? dayjs(filters.to) : null]}
          onChange={(days) => {
            const [from, to] = [days?.[0]?.format("YYYY-MM-DD"), days?.[1]?.format("YYYY-MM-DD")];
            setPicking(Boolean(from || to));
            onChange({ range: undefined, from, to });
          }}
        />
      )}
    </>
  );
}

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { inLanguage } from "../shell/i18n";
import { decisionKeys, ruleset } from "./queries";
import type { DecisionRow } from "./vocabulary";

interface Listed {
  pages: { items: DecisionRow[] }[];
}

// useRuleTitle names a rule by the title it has in the ruleset of the newest decision that was read, else by its id.
export function useRuleTitle(): (rule: string) => string {
  const { i18n } = useTranslation();
  const client = useQueryClient();
  const lists = client.getQueriesData<Listed>({ queryKey: decisionKeys.list });
  const newest = lists.flatMap(([, list]) => list?.pages[0]?.items[0] ?? []).sort((a, b) => b.seq - a.seq)[0]?.ruleset;
  const { data } = useQuery({ ...ruleset(newest?.id ?? "", newest?.version ?? 0), enabled: newest !== undefined });
  const titles = new Map(data?.rules.map((r) => [r.id, inLanguage(r.title, i18n.language)]));
  return (rule) => titles.get(rule) ?? rule;
}

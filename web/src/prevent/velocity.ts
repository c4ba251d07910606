import { useTranslation } from "react-i18next";
import { fieldOf } from "../intake/fields";
import { span } from "../shell/format";
import { inLanguage } from "../shell/i18n";
import { useWord } from "../shell/word";
import type { Ruleset, Velocity } from "./vocabulary";

// velocityOf finds the definition of a velocity value such as velocity.device_persons_7d.
export function velocityOf(ruleset: Ruleset | undefined, name: string): Velocity | undefined {
  const id = name.replace(/^velocity\./, "");
  return id === name ? undefined : ruleset?.velocities.find((v) => v.id === id);
}

// useVelocityText says in words what a velocity counts, over which key and how long.
export function useVelocityText(): (velocity: Velocity) => string {
  const { t, i18n } = useTranslation("prevent");
  const word = useWord();
  // A selector is an entity kind, perhaps with a role: phone:contact. A field is left as rules name it.
  const selector = (text: string) => {
    const [kind = "", role] = text.split(":");
    return word("intake:entity", kind) + (role ? ` (${word("intake:role", role)})` : "");
  };
  const within = (window: string) => {
    const length = span(window);
    return length ? t(`window.${length.unit}`, { n: length.n }) : window;
  };
  const of = (v: Velocity) => {
    const field = fieldOf(v.on[0] ?? "", v.of ?? "");
    return field ? inLanguage(field.title, i18n.language) : selector(v.of ?? "");
  };
  return (v) =>
    t(`velocity.${v.agg as "count" | "sum" | "distinct"}`, {
      key: selector(v.key),
      of: of(v),
      window: within(v.window),
      on: v.on.map((kind) => word("intake:kind", kind)).join(t("comma")),
    });
}

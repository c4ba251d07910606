import { Link } from "@tanstack/react-router";
import { Tooltip } from "antd";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { fullTime, leaves, measured } from "../shell/format";
import { inLanguage } from "../shell/i18n";
import { useWord } from "../shell/word";
import { fieldOf } from "./fields";
import type { EntityView, EventView } from "./vocabulary";

interface Props {
  event: EventView;
  link?: boolean; // to the event's own page
}

// EventFacts is an event as it was received, with personal fields masked by the server, and what it mentions.
export function EventFacts({ event, link }: Props) {
  const { t } = useTranslation("intake");
  const word = useWord();
  return (
    <>
      <section className="panel">
        <h2>
          {t("event.title")}
          {link && (
            <Link to="/events/$id" params={{ id: event.id }} className="panel-link">
              {t("event.open")}
            </Link>
          )}
        </h2>
        <dl className="facts">
          <dt>{t("event.kind")}</dt>
          <dd>{word("intake:kind", event.kind)}</dd>
          <dt>{t("event.source")}</dt>
          <dd className="mono">{event.source}</dd>
          <dt>{t("event.externalId")}</dt>
          <dd className="mono">{event.external_id}</dd>
          <dt title={t("event.effectiveAt.hint")}>{t("event.effectiveAt")}</dt>
          <dd className="figures">{fullTime(event.effective_at)}</dd>
          <dt title={t("event.observedAt.hint")}>{t("event.observedAt")}</dt>
          <dd className="figures">{fullTime(event.observed_at)}</dd>
        </dl>
        {event.erased ? <p className="panel-pad muted">{t("event.erased")}</p> : <EventData event={event} />}
      </section>
      <Entities entities={event.entities} />
    </>
  );
}

// EventData lists the fields of an event under the titles the API gives them; hovering shows the name that rules use.
function EventData({ event }: { event: EventView }) {
  const { t } = useTranslation("intake");
  const { derived, ...given } = event.data ?? {};
  return (
    <>
      <h3>{t("event.data")}</h3>
      <Fields event={event} data={given} prefix="" />
      {derived !== undefined && (
        <>
          <h3>{t("event.derived")}</h3>
          <Fields event={event} data={derived} prefix="derived" />
        </>
      )}
    </>
  );
}

function Fields({ event, data, prefix }: { event: EventView; data: unknown; prefix: string }) {
  const { i18n } = useTranslation();
  const currency = event.data?.currency;
  return (
    <dl className="facts facts-data">
      {leaves(data, prefix).map(({ path, value }) => {
        const field = fieldOf(event.kind, path);
        return (
          <Fragment key={path}>
            <dt title={`event.${path}`}>
              {field ? inLanguage(field.title, i18n.language) : <span className="mono">{path}</span>}
            </dt>
            <dd className="figures">
              {measured(value, i18n.language, field?.unit, typeof currency === "string" ? currency : undefined)}
            </dd>
          </Fragment>
        );
      })}
    </dl>
  );
}

function Entities({ entities }: { entities: EntityView[] }) {
  const { t } = useTranslation("intake");
  const word = useWord();
  if (entities.length === 0) return null;
  return (
    <section className="panel">
      <h2>
        {t("entities.title")} <span className="faint figures">{entities.length}</span>
      </h2>
      <dl className="facts">
        {entities.map(({ kind, role, key }) => (
          <Fragment key={`${kind} ${role} ${key}`}>
            <dt>
              {word("intake:entity", kind)}
              {role && <small className="faint">{word("intake:role", role)}</small>}
            </dt>
            <dd>
              <Tooltip title={t("entities.key.hint", { key })}>
                <span className="mono faint">#{key.slice(0, 12)}</span>
              </Tooltip>
            </dd>
          </Fragment>
        ))}
      </dl>
    </section>
  );
}

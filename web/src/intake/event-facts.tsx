import { Link } from "@tanstack/react-router";
import { Tooltip } from "antd";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { fullTime, leaves, plain } from "../shell/format";
import { useWord } from "../shell/word";
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
        {event.erased ? <p className="panel-pad muted">{t("event.erased")}</p> : <EventData data={event.data ?? {}} />}
      </section>
      <Entities entities={event.entities} />
    </>
  );
}

function EventData({ data }: { data: Record<string, unknown> }) {
  const { t, i18n } = useTranslation("intake");
  const rows = leaves(data);
  if (rows.length === 0) return null;
  return (
    <>
      <h3>{t("event.data")}</h3>
      <dl className="facts facts-data">
        {rows.map(({ path, value }) => (
          <Fragment key={path}>
            <dt className="mono">{path}</dt>
            <dd className="figures">{plain(value, i18n.language)}</dd>
          </Fragment>
        ))}
      </dl>
    </>
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

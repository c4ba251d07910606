import { Link } from "@tanstack/react-router";
import { Tooltip } from "antd";
import { useTranslation } from "react-i18next";
import type { Schemas } from "../api/client";
import { fullTime, leaves, plain } from "../shell/format";

interface Props {
  event: Schemas["EventBody"] & { corrects?: string };
  entities: Schemas["Entity"][] | null;
  link?: boolean; // to the event's own page
}

// EventFacts is an event as it was received, with personal fields masked by the server, and what it mentions.
export function EventFacts({ event, entities, link }: Props) {
  const { t } = useTranslation("intake");
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
          <dd>{t(`kind.${event.kind}`)}</dd>
          <dt>{t("event.source")}</dt>
          <dd className="mono">{event.source}</dd>
          <dt>{t("event.externalId")}</dt>
          <dd className="mono">{event.external_id}</dd>
          <dt title={t("event.effectiveAt.hint")}>{t("event.effectiveAt")}</dt>
          <dd className="figures">{fullTime(event.effective_at)}</dd>
          <dt title={t("event.observedAt.hint")}>{t("event.observedAt")}</dt>
          <dd className="figures">{fullTime(event.observed_at)}</dd>
          {event.corrects && (
            <>
              <dt>{t("event.corrects")}</dt>
              <dd className="mono">{event.corrects}</dd>
            </>
          )}
        </dl>
        <EventData data={event.data} />
      </section>
      <Entities entities={entities ?? []} />
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
        {rows.map(({ path, value }) => [
          <dt key={`${path} name`} className="mono">
            {path}
          </dt>,
          <dd key={path} className="figures">
            {plain(value, i18n.language)}
          </dd>,
        ])}
      </dl>
    </>
  );
}

function Entities({ entities }: { entities: Schemas["Entity"][] }) {
  const { t, i18n } = useTranslation("intake");
  if (entities.length === 0) return null;
  const known = (key: string) => i18n.exists(key, { ns: "intake" });
  const kind = (word: string) => (known(`entity.${word}`) ? t(`entity.${word as "person"}`) : word);
  const role = (word: string) => (known(`role.${word}`) ? t(`role.${word as "applicant"}`) : word);
  return (
    <section className="panel">
      <h2>
        {t("entities.title")} <span className="faint figures">{entities.length}</span>
      </h2>
      <dl className="facts">
        {entities.map((entity) => [
          <dt key={`${entity.kind} ${entity.key} name`}>
            {kind(entity.kind)}
            {entity.role && <small className="faint">{role(entity.role)}</small>}
          </dt>,
          <dd key={`${entity.kind} ${entity.key}`}>
            <span className="mono">{entity.masked ?? ""}</span>{" "}
            <Tooltip title={t("entities.key.hint", { key: entity.key })}>
              <span className="mono faint">#{entity.key.slice(0, 8)}</span>
            </Tooltip>
          </dd>,
        ])}
      </dl>
    </section>
  );
}

import { LeftOutlined } from "@ant-design/icons";
import { useQuery } from "@tanstack/react-query";
import { Link, useRouter } from "@tanstack/react-router";
import { Button, Skeleton } from "antd";
import { useTranslation } from "react-i18next";
import { useShortcuts } from "../shell/keys";
import { ProblemView } from "../shell/problem";
import { useWord } from "../shell/word";
import { EventFacts } from "./event-facts";
import { event } from "./queries";
import { eventRoute } from "./routes";

// EventPage shows one event and leads to the decision made on it.
export function EventPage() {
  const { t } = useTranslation("intake");
  const word = useWord();
  const { id } = eventRoute.useParams();
  const { history } = useRouter();
  const { data, isPending, error, refetch } = useQuery(event(id));
  useShortcuts({ u: () => history.back() });
  return (
    <div className="page page-narrow">
      <div className="trail">
        <Button type="text" size="small" icon={<LeftOutlined />} onClick={() => history.back()}>
          {t("event.back")}
        </Button>
      </div>
      {isPending && <Skeleton className="panel panel-pad" active />}
      {!isPending && !data && <ProblemView error={error} retry={() => refetch()} />}
      {data && (
        <>
          <div className="page-head">
            <h1>
              {word("intake:kind", data.kind)} <span className="mono faint">{data.external_id}</span>
            </h1>
            {data.decision_id ? (
              <Link to="/decisions/$id" params={{ id: data.decision_id }} className="page-action">
                {t("event.decision")}
              </Link>
            ) : (
              <span className="faint page-action">{t("event.undecided")}</span>
            )}
          </div>
          <EventFacts event={data} />
        </>
      )}
    </div>
  );
}

import { Button } from "antd";
import { useTranslation } from "react-i18next";

interface Paged {
  hasNextPage: boolean;
  isFetchingNextPage: boolean;
  fetchNextPage: () => unknown;
}

// More reads the next page of a list, where there is one.
export function More({ query }: { query: Paged }) {
  const { t } = useTranslation();
  if (!query.hasNextPage) return null;
  return (
    <p className="more">
      <Button block loading={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
        {t("action.more")}
      </Button>
    </p>
  );
}

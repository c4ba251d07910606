import { Button, Typography } from "antd";
import { useTranslation } from "react-i18next";
import { Problem } from "../api/client";

const codes = [
  "invalid",
  "unauthorized",
  "forbidden",
  "not_found",
  "conflict",
  "too_many",
  "unavailable",
  "unreachable",
] as const;

// useProblemText says in the reader's language what went wrong and what to do.
export function useProblemText(): (error: unknown) => string {
  const { t } = useTranslation();
  return (error) => {
    const code = codes.find((c) => error instanceof Problem && c === error.code);
    return t(code ? `problem.${code}` : "problem.internal");
  };
}

// ProblemView stands where content could not be loaded. The request id leads an administrator to the log line.
export function ProblemView({ error, retry }: { error: unknown; retry?: () => void }) {
  const { t } = useTranslation();
  const say = useProblemText();
  const problem = error instanceof Problem ? error : undefined;
  return (
    <div className="notice" role="alert">
      <strong>{say(error)}</strong>
      {problem && problem.status > 0 && <p className="muted">{problem.message}</p>}
      {problem?.requestId && (
        <p className="muted">
          {t("problem.requestId")}{" "}
          <Typography.Text code copyable>
            {problem.requestId}
          </Typography.Text>
        </p>
      )}
      {retry && <Button onClick={retry}>{t("action.retry")}</Button>}
    </div>
  );
}

// ProblemLine stands under what a person filled in: what went wrong, and what the server says of it.
export function ProblemLine({ error }: { error: unknown }) {
  const say = useProblemText();
  if (!error) return null;
  const detail = error instanceof Problem && ["invalid", "conflict", "forbidden", "too_many"].includes(error.code);
  return (
    <div className="problem-line" role="alert">
      {say(error)}
      {detail && (
        <small>
          {error.field && <code>{error.field}</code>} {error.message}
        </small>
      )}
    </div>
  );
}

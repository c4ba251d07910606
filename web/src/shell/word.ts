import { useTranslation } from "react-i18next";

type Vocabulary =
  | "intake:kind"
  | "intake:entity"
  | "intake:role"
  | "prevent:outcome"
  | "prevent:typology"
  | "prevent:family"
  | "rules:diff.field"
  | "rules:population"
  | "approvals:kind"
  | "lists:match"
  | "text:author"
  | "text:contact"
  | "text:context"
  | "text:intent"
  | "text:finding"
  | "shell:role";

// useWord gives the word for a code of the API, and the code itself where this console does not know it yet.
export function useWord(): (vocabulary: Vocabulary, code: string) => string {
  const { i18n } = useTranslation();
  return (vocabulary, code) => {
    const key = `${vocabulary}.${code}`;
    return i18n.exists(key) ? String(i18n.t(key as "title")) : code;
  };
}

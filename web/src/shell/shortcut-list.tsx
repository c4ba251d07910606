import { Modal } from "antd";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";

const shortcuts = [
  { keys: ["⌘/Ctrl", "K"], id: "palette" },
  { keys: ["/"], id: "search" },
  { keys: ["j", "k"], id: "move" },
  { keys: ["Enter"], id: "open" },
  { keys: ["u"], id: "back" },
  { keys: ["r"], id: "refresh" },
  { keys: ["g", "d"], id: "decisions" },
  { keys: ["g", "h"], id: "holds" },
  { keys: ["?"], id: "help" },
] as const;

export function ShortcutList({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  return (
    <Modal open={open} onCancel={onClose} footer={null} title={t("shortcuts.title")} width={420}>
      <dl className="shortcut-list">
        {shortcuts.map(({ keys, id }) => (
          <Fragment key={id}>
            <dt>
              {keys.map((k) => (
                <kbd key={k}>{k}</kbd>
              ))}
            </dt>
            <dd>{t(`shortcuts.${id}`)}</dd>
          </Fragment>
        ))}
      </dl>
    </Modal>
  );
}

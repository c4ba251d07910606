import { Modal } from "antd";
import { Fragment } from "react";
import { useTranslation } from "react-i18next";
import { useRooms } from "./rooms";

const shortcuts = [
  { keys: ["⌘/Ctrl", "K"], id: "palette" },
  { keys: ["/"], id: "search" },
  { keys: ["j", "k"], id: "move" },
  { keys: ["Enter"], id: "open" },
  { keys: ["u"], id: "back" },
  { keys: ["r"], id: "refresh" },
  { keys: ["?"], id: "help" },
] as const;

export function ShortcutList({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation();
  const pages = useRooms().flatMap((room) => room.pages);
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
        {pages.map(({ id, key }) => (
          <Fragment key={id}>
            <dt>
              <kbd>g</kbd>
              <kbd>{key}</kbd>
            </dt>
            <dd>{t(`page.${id}`)}</dd>
          </Fragment>
        ))}
      </dl>
    </Modal>
  );
}

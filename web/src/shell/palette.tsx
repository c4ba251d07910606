import { Input, Modal } from "antd";
import { type KeyboardEvent, type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { useCommands } from "./commands";

// Palette finds and does: type an identifier to look it up, or a word to filter the commands.
export function Palette({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const commands = useCommands(text);
  const chosen = Math.min(at, commands.length - 1);

  function run(index: number) {
    onClose();
    commands[index]?.run();
  }

  function onKeyDown(event: KeyboardEvent) {
    const moves: Record<string, number> = { ArrowDown: 1, ArrowUp: -1 };
    const step = moves[event.key];
    if (step) {
      event.preventDefault();
      setAt((chosen + step + commands.length) % Math.max(commands.length, 1));
    } else if (event.key === "Enter" && !event.nativeEvent.isComposing) {
      run(chosen);
    }
  }

  return (
    <Modal
      open
      onCancel={onClose}
      footer={null}
      closable={false}
      width={560}
      className="palette"
      aria-label={t("palette.title")}
    >
      <Input
        autoFocus
        variant="borderless"
        size="large"
        value={text}
        placeholder={t("palette.placeholder")}
        aria-label={t("palette.placeholder")}
        onChange={(e) => {
          setText(e.target.value);
          setAt(0);
        }}
        onKeyDown={onKeyDown}
      />
      <ul>
        {commands.map((command, i) => (
          <li key={command.id}>
            <button
              type="button"
              className={i === chosen ? "palette-item active" : "palette-item"}
              onMouseMove={() => setAt(i)}
              onClick={() => run(i)}
            >
              {command.label as ReactNode}
              <span className="faint">{command.hint}</span>
            </button>
          </li>
        ))}
        {commands.length === 0 && <li className="muted palette-none">{t("palette.none")}</li>}
      </ul>
    </Modal>
  );
}

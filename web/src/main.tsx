import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./shell/app";
import { nonce, noncedStyles } from "./shell/policy";
import "./shell/i18n";
import "./shell/shell.css";

noncedStyles(nonce);
const root = document.getElementById("root");
if (root)
  createRoot(root).render(
    <StrictMode>
      <App />
    </StrictMode>,
  );

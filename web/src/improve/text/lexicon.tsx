import { useQuery } from "@tanstack/react-query";
import { App, Button, Form, Input, Modal, Select, Switch, Table, Tabs } from "antd";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { TypologyChip } from "../../prevent/chips";
import { useNameOf } from "../../shell/colleagues";
import { inLanguage } from "../../shell/i18n";
import { Loaded, Nothing } from "../../shell/loaded";
import { ProblemLine } from "../../shell/problem";
import { ReasonDialog, useReasonRule } from "../../shell/reason-dialog";
import { useSession } from "../../shell/session";
import { When } from "../../shell/when";
import { useWord } from "../../shell/word";
import { changeLexicon, lexicon, lexiconVersions, type NewTerm, type Term, TYPOLOGIES, useChange } from "./queries";
import "../../prevent/prevent.css";
import "../../prevent/rules/rules.css";
import "./text.css";

// Lexicon shows the lender's own terms beside those that come with the product; changes take a second person.
export function Lexicon() {
  const { t } = useTranslation("text");
  const may = useSession().data?.permissions.includes("intel:write") ?? false;
  const [adding, setAdding] = useState(false);
  return (
    <div className="page">
      <div className="page-head">
        <h1>{t("lexicon.title")}</h1>
        <p className="muted">{t("lexicon.hint")}</p>
        {may && (
          <div className="page-action">
            <Button type="primary" onClick={() => setAdding(true)}>
              {t("lexicon.add")}
            </Button>
          </div>
        )}
      </div>
      <section className="panel">
        <Loaded query={useQuery(lexicon)}>
          {(data) => (
            <Tabs
              className="panel-tabs"
              items={[
                {
                  key: "own",
                  label: t("lexicon.own", { n: data.terms.length }),
                  children:
                    data.terms.length === 0 ? (
                      <Nothing title={t("lexicon.none")} hint={t("lexicon.none.hint")} />
                    ) : (
                      <Terms terms={data.terms} may={may} />
                    ),
                },
                {
                  key: "shipped",
                  label: t("lexicon.shipped", { n: data.shipped?.length ?? 0 }),
                  children: <Terms terms={data.shipped ?? []} may={false} />,
                },
                { key: "versions", label: t("lexicon.versions"), children: <Versions /> },
              ]}
            />
          )}
        </Loaded>
      </section>
      {adding && <NewTermDialog onClose={() => setAdding(false)} />}
    </div>
  );
}

function Terms({ terms, may }: { terms: Term[]; may: boolean }) {
  const { t, i18n } = useTranslation("text");
  const [find, setFind] = useState("");
  const [removing, setRemoving] = useState<Term>();
  const shown = terms.filter(
    (x) => !find || x.text.includes(find) || inLanguage(x.sense, i18n.language).includes(find),
  );
  return (
    <>
      <div className="filter-bar">
        <Input.Search
          allowClear
          className="filter-search"
          placeholder={t("lexicon.find")}
          aria-label={t("lexicon.find")}
          onChange={(e) => setFind(e.target.value.trim())}
        />
      </div>
      <Table<Term>
        size="small"
        rowKey="id"
        dataSource={shown}
        pagination={{ pageSize: 50, hideOnSinglePage: true, showSizeChanger: false }}
        scroll={{ x: "max-content" }}
        columns={[
          {
            title: t("term.text"),
            render: (_, x) => (
              <span className="rule-cell">
                <b>{x.text}</b>
                {x.also && x.also.length > 0 && <span className="faint">{x.also.join("、")}</span>}
              </span>
            ),
          },
          { title: t("term.sense"), className: "cell-wrap", render: (_, x) => inLanguage(x.sense, i18n.language) },
          { title: t("typology"), render: (_, x) => <TypologyChip typology={x.typology} /> },
          {
            title: t("term.weight"),
            render: (_, x) => (x.weak ? <span className="chip chip-plain">{t("term.weak")}</span> : null),
          },
          {
            title: t("term.source"),
            className: "cell-wrap",
            render: (_, x) => <span className="faint">{x.source}</span>,
          },
          {
            width: 80,
            render: (_, x) =>
              may ? (
                <Button size="small" onClick={() => setRemoving(x)}>
                  {t("term.remove")}
                </Button>
              ) : null,
          },
        ]}
      />
      {removing && <RemoveDialog term={removing} onClose={() => setRemoving(undefined)} />}
    </>
  );
}

function RemoveDialog({ term, onClose }: { term: Term; onClose: () => void }) {
  const { t } = useTranslation("text");
  const { message } = App.useApp();
  const change = useChange(changeLexicon);
  async function run(reason: string) {
    try {
      await change.mutateAsync({ remove: [term.id ?? ""], reason });
      message.success(t("asked"));
      onClose();
    } catch {
      // shown in the dialog
    }
  }
  return (
    <ReasonDialog
      title={t("term.remove.title", { text: term.text })}
      hint={t("second")}
      ok={t("ask")}
      wait={change.isPending}
      error={change.error}
      onDone={run}
      onClose={onClose}
    />
  );
}

interface TermForm extends Omit<NewTerm, "also"> {
  also?: string;
  reason: string;
}

function NewTermDialog({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation("text");
  const { message } = App.useApp();
  const word = useWord();
  const rule = useReasonRule();
  const [form] = Form.useForm<TermForm>();
  const change = useChange(changeLexicon);
  async function send({ reason, also, ...term }: TermForm) {
    const variants = (also ?? "").split(/[\s,，、]+/).filter(Boolean);
    try {
      await change.mutateAsync({ terms: [{ ...term, also: variants }], reason: reason.trim() });
      message.success(t("asked"));
      onClose();
    } catch {
      // shown in the dialog
    }
  }
  const must = [{ required: true, whitespace: true, message: t("term.missing") }];
  return (
    <Modal
      open
      title={t("lexicon.add")}
      okText={t("ask")}
      confirmLoading={change.isPending}
      onOk={form.submit}
      onCancel={onClose}
    >
      <p className="muted dialog-hint">{t("lexicon.add.hint")}</p>
      <Form form={form} layout="vertical" onFinish={send} initialValues={{ typology: "T3", weak: false }}>
        <Form.Item name="text" label={t("term.text")} rules={must}>
          <Input autoFocus maxLength={40} />
        </Form.Item>
        <Form.Item name={["sense", "zh"]} label={t("term.sense.zh")} rules={must}>
          <Input maxLength={200} placeholder={t("term.sense.example")} />
        </Form.Item>
        <Form.Item name={["sense", "en"]} label={t("term.sense.en")} rules={must}>
          <Input maxLength={200} />
        </Form.Item>
        <Form.Item name="also" label={t("term.also")}>
          <Input maxLength={400} />
        </Form.Item>
        <Form.Item name="typology" label={t("typology")}>
          <Select options={TYPOLOGIES.map((value) => ({ value, label: word("prevent:typology", value) }))} />
        </Form.Item>
        <Form.Item name="weak" label={t("term.weak.label")} valuePropName="checked">
          <Switch />
        </Form.Item>
        <Form.Item name="source" label={t("term.source")} rules={must}>
          <Input maxLength={200} placeholder={t("term.source.example")} />
        </Form.Item>
        <Form.Item name="reason" label={t("reason")} rules={[rule]}>
          <Input.TextArea rows={2} maxLength={500} />
        </Form.Item>
      </Form>
      <ProblemLine error={change.error} />
    </Modal>
  );
}

function Versions() {
  const { t } = useTranslation("text");
  const nameOf = useNameOf();
  return (
    <Loaded query={useQuery(lexiconVersions)}>
      {({ items }) =>
        items.length === 0 ? (
          <Nothing title={t("lexicon.none")} />
        ) : (
          <Table
            size="small"
            rowKey="version"
            dataSource={items}
            pagination={false}
            scroll={{ x: "max-content" }}
            columns={[
              { title: t("version"), render: (_, v) => <b>{v.version}</b> },
              { title: t("version.terms"), align: "right", render: (_, v) => v.terms.length },
              { title: t("version.by"), render: (_, v) => nameOf(v.requester ?? "") },
              { title: t("reason"), className: "cell-wrap", dataIndex: "reason" },
              { title: t("version.at"), render: (_, v) => <When at={v.created_at ?? undefined} /> },
            ]}
          />
        )
      }
    </Loaded>
  );
}

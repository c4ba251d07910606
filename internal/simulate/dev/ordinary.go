package dev

import (
	"qingyuan"
	"qingyuan/internal/simulate/leaf"
	"qingyuan/internal/simulate/scene"
)

// ordinary is an application of a customer's own. A few have what agents' applications have: a spouse who signs too, a
// friend who recommended the lender, a shop or a craftsman who is paid, a sentence of explanation, many queries.
func (m *Model) ordinary(p *person) *request {
	q := &request{}
	if m.r.Chance(0.05) {
		g := leaf.NewPerson(m.r, p.City, m.cfg.Start, m.r.Between(24, 55))
		q.guarantor = &g
	}
	if m.r.Chance(0.06) {
		friend := leaf.Pick(m.r, m.people)
		q.referrer = &agent{name: friend.Name, phone: friend.Phone}
	}
	if m.r.Chance(0.09) {
		q.shop = leaf.Pick(m.r, m.shops[p.City])
	} else if m.r.Chance(0.02) {
		payee := leaf.NewPerson(m.r, p.City, m.cfg.Start, m.r.Between(25, 60))
		q.payee = &payee
		q.payeeCard, _ = leaf.BankCard(m.r, false)
	}
	if m.r.Chance(0.12) {
		q.statement = leaf.Spin(m.r, leaf.Pick(m.r, ownStatements), m.slots(p))
	}
	if m.r.Chance(0.06) {
		q.queries = m.r.Between(4, 12)
	}
	return q
}

// ordinaryVerification is the call that checks an application, answered by somebody who has nothing to hide.
func (m *Model) ordinaryVerification(p *person) {
	w := m.begin(qingyuan.CallRecorded, p).Str("direction", "outbound").Str("line", "verification").Str("callee", p.Phone).Str("operator_id", m.clerk("D"))
	w.Bool("answered", true).Int("duration_s", int64(m.r.LogNormal(95, 0.4))).Str("claimed_identity", "self").Str("identity_check", leaf.Pick(m.r, []string{"pass", "pass", "pass", "pass", "pass", "pass", "fail"}))
	w.Text("transcript", qingyuan.AuthorSpeech, leaf.Spin(m.r, leaf.Pick(m.r, ownVerifications), m.slots(p)))
	m.send(m.lag())
}

var ownStatements = []string{"{家里|房子}{装修|要换空调}，{分期压力小点|先周转一下}。", "孩子{上学|培训班}{交学费|一次交一年}，{年底奖金下来就还|慢慢还}。", "{朋友推荐的|以前用过你们家}，{利率还行|想试试}，{用于日常消费|买辆代步车}。"}

var ownVerifications = []string{
	"{啊对|嗯是我}，{刚申请的|APP上点的}。{在<employer>|自己干点小活}，做<job>。{一个月|到手}{五千多|六千来块|七八千，不固定}。{就|}{买点家电|还信用卡|给孩子交学费}。{没有没有，自己弄的|我同学推荐的}。",
	"{喂？哪位|你好}？哦{贷款|核实}啊，{说吧|你问}。单位{是|}<employer>，{两年多|刚满一年|干了好些年了}。地址啊？{我想想|就<district>那边}。{用途……装修吧|周转一下}。{行吗|多久能下}？",
	"{是我是我|对}。{你等下我出去说|在上班呢快点}。{工资|收入}{四千八|六千五|看提成}。{电话我老婆的|联系人是我妈}，{别跟她说是贷款啊|打过去也行}。{嗯嗯好|谢谢}。",
}

var shownMessages = []string{
	"{【某银行】|}尊敬的客户，您有一笔{最高20万|预授信}额度待领取，{年化低至3.6%|点击查看}，退订回T。",
	"{在吗|睡了没}，{上次借你的|那}{两千|三千五}我{下周一|发工资}还，{再缓缓|不好意思啊}。", "您的快递{已到|放在}{驿站|门卫}，取件码{3-2-4016|8-1-2207}。", "{小额贷|备用金}服务到期提醒，{如需续用请登录官方客户端|本短信不收费}。",
	"亲，{店庆|双十二}{满三百减五十|全场八折}，{可用分期|0首付}，{到店领|仅限今日}。",
}

// incomePaper is the proof of income that some applications come with.
func (m *Model) incomePaper(p *person) {
	s := sheet{kind: "bank_statement", purpose: "application", issuer: p.bank, text: leaf.Spin(m.r, ocrStatement, m.slots(p)), issued: m.now.AddDate(0, 0, -m.r.Between(0, 15))}
	if p.employer != nil && m.r.Chance(0.6) {
		s.kind, s.issuer, s.phone, s.text = leaf.Pick(m.r, []string{"income", "payslip"}), p.employer.Name, p.employer.Phone, leaf.Spin(m.r, ocrIncome, m.slots(p))
	}
	m.paper(p, s)
}

const ocrIncome = "{收入证明|在职证明} 兹证明<name>为我单位<job>，{月薪|月收入}{4600|5300|6800|7500}元，{情况属实|特此证明}。<employer>"

// death is a real one: nothing is done in the account any more, and a relative hands in the certificate of a hospital.
func (m *Model) death(p *person) {
	if p.truth.Population != scene.Honest {
		return
	}
	p.dead, p.stopped, p.truth.Look = true, true, "deceased"
	died := m.now
	m.in(m.r.Float(6, 40), func() {
		m.paper(p, sheet{kind: "death", purpose: "estate", channel: leaf.Pick(m.r, []string{"counter", "email", "post"}), issuer: p.City.Name + leaf.Pick(m.r, []string{"人民医院", "中心医院", "第三医院"}), phone: leaf.Landline(m.r, p.City),
			no: m.r.Digits(9), issued: died.AddDate(0, 0, 1), event: died, by: leaf.Pick(m.r, []string{"spouse", "child", "parent", "sibling", "heir"}), submitter: leaf.Mobile(m.r), device: m.r.Hex(16), ip: leaf.IP(m.r),
			text: leaf.Spin(m.r, ocrDeath, m.slots(p))})
	})
}

const ocrDeath = "居民死亡医学证明（推断）书 第三联 姓名 <name> 证件号 <id> 死亡地点 {医院病房|急诊室|来院途中} 直接死因 {呼吸循环衰竭|急性心肌梗死|脑出血|多发伤} 医师签名 <surname>{医|主任} 死亡医学专用章"

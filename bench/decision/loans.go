package main

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// The population of the scenario.
const (
	devices = 50_000
	phones  = 100_000 // and as many customers: one each
	listed  = 200     // devices on the list
	history = 30 * 24 * time.Hour
)

// The beginning of every body is of one length, so that id, number and time can be written in place.
const (
	bodyID   = `{"specversion":"1.0","id":"b`
	bodyTime = `","source":"/bench","type":"loan.drawn","time":"`
	bodyLoan = `","data":{"loan_no":"L`
	digits   = 12
	timeForm = "2006-01-02T15:04:05.000000Z"

	atID   = len(bodyID)
	atTime = atID + digits + len(bodyTime)
	atLoan = atTime + len(timeForm) + len(bodyLoan)
)

// loan is the body of a CloudEvents event with seventeen fields that is complete but for its id and time.
type loan []byte

// stamp appends the loan to b under number n at the given time.
func (l loan) stamp(b []byte, n int64, at time.Time) []byte {
	from := len(b)
	b = append(b, l...)
	writeDigits(b[from+atID:], n)
	var text [2 * len(timeForm)]byte
	copy(b[from+atTime:], at.UTC().AppendFormat(text[:0], timeForm))
	writeDigits(b[from+atLoan:], n)
	return b
}

func writeDigits(b []byte, n int64) {
	for i := digits - 1; i >= 0; i-- {
		b[i] = byte('0' + n%10)
		n /= 10
	}
}

// population draws loans.
type population struct{ *rand.Rand }

func newPopulation(seed uint64) population { return population{rand.New(rand.NewPCG(seed, 0x10a2))} }

// deviceName is the identifier of device i.
func deviceName(i int) string { return fmt.Sprintf("d%015x", uint64(i+1)*0x9e3779b97f4a7c15>>4) }

// loan draws a customer, who has a phone of his own and shares a device with one other; one loan in twenty comes from any other device.
func (p population) loan() loan {
	customer := p.IntN(phones)
	device := customer / (phones / devices)
	if p.IntN(20) == 0 {
		device = p.IntN(devices)
	}
	return p.loanOf(customer, deviceName(device))
}

// loanOn draws a loan from one device.
func (p population) loanOn(device string) loan { return p.loanOf(p.IntN(phones), device) }

func (p population) loanOf(customer int, device string) loan {
	payee := "own"
	if p.IntN(25) == 0 {
		payee = "other_person"
	}
	return fmt.Appendf(nil, `%s%012d%s%s%s%012d","customer_no":"C%08d","phone":"138%08d","product":"%s","amount":%d,"currency":"CNY",`+
		`"term_months":%d,"annual_rate":%.4f,"payee":{"kind":"%s","bank":"示例银行"},"outstanding_before":%d,"device_id":"%s",`+
		`"os":"%s","app_version":"8.%d.1","ip":"183.%d.%d.%d","sim_tenure_days":%d,"sim_tenure_source":"carrier","attributes":{"channel":"app"}}}`,
		bodyID, 0, bodyTime, timeForm, bodyLoan, 0, customer, customer, []string{"cash-loan", "instalment"}[p.IntN(2)], 100_000+p.IntN(60_000)*100,
		[]int{3, 6, 12, 24, 36}[p.IntN(5)], 0.08+float64(p.IntN(1600))/10_000, payee, p.IntN(40_000)*100, device,
		[]string{"android", "ios", "harmony"}[p.IntN(3)], p.IntN(30), p.IntN(32), p.IntN(256), 1+p.IntN(254), 5+p.IntN(3000))
}

// loans draws n loans.
func (p population) loans(n int) []loan {
	all := make([]loan, n)
	for i := range all {
		all[i] = p.loan()
	}
	return all
}

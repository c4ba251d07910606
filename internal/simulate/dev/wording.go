package dev

import "qingyuan"

// wording is everything rings write and what the innocent write that comes near it. There are two, by different habits of
// speech: rules are developed on the first, and the second tells how much of them was learnt from words.
type wording struct {
	complaint, debt, surrender, objection, lawyer, paper [3]string // scripts, by stage
	call, provocation, withdrawal, recruit, coached      [3]string
	statements, den, deceived                            []string
	contracts                                            map[string]string    // by agreement type
	forged                                               map[string][2]string // by kind of paper
	chats                                                map[qingyuan.Typology][3]string
	posts                                                map[qingyuan.Typology][3][]string // the typologies without posts of their own have those of ""

	harmlessPosts                                   []string
	hardshipCalls, hardshipComplaints, hearsay      []string
	honestComplaints, honestObjections, honestAgain []string
}

// chat is what an agent of that trade writes to a customer.
func (w *wording) chat(t qingyuan.Typology, stage int) string {
	set, ok := w.chats[t]
	if !ok {
		set = w.chats[""]
	}
	return set[stage]
}

// post is what a ring of that trade publishes.
func (w *wording) post(t qingyuan.Typology, stage int) []string {
	set, ok := w.posts[t]
	if !ok {
		set = w.posts[""]
	}
	return set[stage]
}

var firstWording = wording{
	complaint: complaintScripts, debt: debtScripts, surrender: surrenderScripts, objection: objectionScripts, lawyer: lawyerScripts, paper: paperScripts,
	call: scriptedCalls, provocation: provocations, withdrawal: withdrawalChat, recruit: recruitChat, coached: coached,
	statements: coachedStatements, den: denTexts, deceived: deceivedTexts, forged: forged, chats: agentChats, posts: ringPosts,
	contracts: map[string]string{"loan_brokerage": contractLoan, "debt_service": contractDebt, "complaint_proxy": contractComplaint, "surrender_proxy": contractSurrender,
		"power_of_attorney": contractLawyer, "credit_repair": contractRepair, "other": contractCourse},
	harmlessPosts: harmlessPosts, hardshipCalls: hardshipCalls, hardshipComplaints: hardshipComplaints, hearsay: hearsay,
	honestComplaints: honestComplaints, honestObjections: honestObjections, honestAgain: honestAgain,
}

// Package judge is the behaviour model of the simulated lender that rules and models are only judged on.
package judge

package judge

import "qingyuan/internal/simulate/scene"

// Model is one world under way.
type Model struct{ truth *scene.Truth }

// New furnishes a world.
func New(cfg scene.Config) *Model { return &Model{&scene.Truth{Config: cfg}} }

// Run plays the world.
func (m *Model) Run(func(scene.Event) bool) {}

// Truth is what is known of the world.
func (m *Model) Truth() *scene.Truth { return m.truth }

-- The review database of version 1, as it was made in postgresql.
CREATE TABLE decisions (
  review_id VARCHAR(36) NOT NULL,
  night VARCHAR(10) NOT NULL,
  call_id TEXT NOT NULL,
  role VARCHAR(16) NOT NULL,
  rule_id TEXT,
  fingerprint TEXT,
  verdict VARCHAR(16),
  reviewer TEXT NOT NULL,
  decision VARCHAR(16) NOT NULL,
  note TEXT NOT NULL,
  decided_at TIMESTAMP WITH TIME ZONE NOT NULL,
  seconds FLOAT,
  supersedes VARCHAR(36),
  PRIMARY KEY (review_id),
  UNIQUE (supersedes)
);
CREATE INDEX decisions_call ON decisions (night, call_id);
CREATE TABLE drafts (
  night VARCHAR(10) NOT NULL,
  call_id TEXT NOT NULL,
  role VARCHAR(16) NOT NULL,
  rule_id TEXT NOT NULL,
  reviewer TEXT NOT NULL,
  note TEXT NOT NULL,
  PRIMARY KEY (night, call_id, role, rule_id, reviewer)
);
CREATE TABLE queue (
  night VARCHAR(10) NOT NULL,
  call_id TEXT NOT NULL,
  role VARCHAR(16) NOT NULL,
  reasons TEXT NOT NULL,
  risk VARCHAR(8) NOT NULL,
  risk_rank INTEGER NOT NULL,
  due_at TIMESTAMP WITH TIME ZONE,
  probability FLOAT NOT NULL,
  draw FLOAT NOT NULL,
  assigned_to TEXT,
  claimed_by TEXT,
  claimed_until TIMESTAMP WITH TIME ZONE,
  done_by TEXT,
  done_at TIMESTAMP WITH TIME ZONE,
  withdrawn_at TIMESTAMP WITH TIME ZONE,
  PRIMARY KEY (night, call_id, role)
);
CREATE INDEX queue_order ON queue (risk_rank, due_at, night, call_id);
CREATE TABLE schema_version (
  version INTEGER NOT NULL
);

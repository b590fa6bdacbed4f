ALTER TABLE "followers" ADD COLUMN "agent_at" bigint;--> statement-breakpoint
ALTER TABLE "followers" ADD COLUMN "agent_seq" bigint;
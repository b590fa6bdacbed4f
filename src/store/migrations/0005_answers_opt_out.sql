ALTER TABLE "accounts" ADD COLUMN "opt_out" jsonb;--> statement-breakpoint
ALTER TABLE "followers" ADD COLUMN "resumed_at" bigint;--> statement-breakpoint
ALTER TABLE "inbox" ADD COLUMN "answered" text;
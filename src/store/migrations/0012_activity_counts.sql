CREATE TABLE "activity_counts" (
	"slot" bigint NOT NULL,
	"metric" text NOT NULL,
	"label" text NOT NULL,
	"n" bigint NOT NULL,
	CONSTRAINT "activity_counts_slot_metric_label_pk" PRIMARY KEY("slot","metric","label")
);
--> statement-breakpoint
CREATE INDEX "deliveries_by_end" ON "deliveries" USING btree ("ended_at") WHERE "deliveries"."ended_at" IS NOT NULL;
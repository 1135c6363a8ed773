-- grain: one row a Kaplan-Meier curve: the share that is still there after the last age that it is known to
SELECT s.curve_no, min(s.survival_until) AS last_survival
FROM curve_stretches AS s
GROUP BY s.curve_no
